import { exclusively, heldLocks, holdLock, randomId } from '#lib/utils/platform.ts';
import type { Cache } from './cache.ts';
import type { Entry } from './types.ts';

/**
 * This page, among those that one person has open. Each sends its own mutations; what a page that is gone left
 * unsent, the next one to start takes over.
 */
export class Tab {
	readonly id = randomId();
	#release: () => void = () => undefined;

	/** Shows the others that it lives, and answers what it takes over. */
	async adoptEntries(cache: Cache): Promise<Entry[]> {
		const { held, release } = holdLock(lockOf(this.id));
		this.#release = release;
		await held;
		// One after another, or two pages that start together would take over the same.
		return await exclusively('outbox-adoption', async () => {
			const locks = await heldLocks();
			return await cache.adoptEntries(this.id, (tab) => tab !== this.id && !locks?.has(lockOf(tab)));
		});
	}

	leave(): void {
		this.#release();
	}
}

function lockOf(tab: string): string {
	return `tab-${tab}`;
}
