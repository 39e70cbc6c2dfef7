import { api, ok } from '#lib/api/client.ts';
import type { Person } from '#lib/api/types.ts';

const FRESH_FOR = 60_000;

/** The staff to whom issues can be assigned; asked for when a list of them opens. */
class Assignable {
	#list = $state.raw<readonly Person[]>([]);
	#askedAt = 0;

	get list(): readonly Person[] {
		return this.#list;
	}

	/** Keeps the last answer while the new one is on its way, or when none comes. */
	async refresh(): Promise<void> {
		if (Date.now() - this.#askedAt < FRESH_FOR) return;
		this.#askedAt = Date.now();
		try {
			this.#list = await ok(api.GET('/users/assignable'));
		} catch {
			this.#askedAt = 0;
		}
	}

	forget(): void {
		this.#askedAt = 0;
	}
}

export const assignable = new Assignable();
