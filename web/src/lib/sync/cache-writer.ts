import type { IssueRow } from '#lib/api/types.ts';
import { holdLock } from '#lib/utils/platform.ts';
import type { Cache } from './cache.ts';
import { isCurrent } from './query.ts';

const DELAY = 1_000;
/** After loading everything: whoever reloads the page soon should not have to load it again. */
const SOON = 300;

/**
 * Keeps the cache in step with the store, a second behind.
 *
 * Only one tab writes: cursor and rows must belong together, and two tabs stand at different cursors. The
 * next tab takes over when that one is gone.
 */
export class CacheWriter {
	readonly #cache: Cache;
	readonly #read: () => { cursor: string; rows: Iterable<IssueRow> };
	readonly #lock: { held: Promise<void>; release: () => void };
	#changed: Set<number> | 'all' = new Set();
	#isWriter = false;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(cache: Cache, userId: number, read: () => { cursor: string; rows: Iterable<IssueRow> }) {
		this.#cache = cache;
		this.#read = read;
		this.#lock = holdLock(`cache-writer-${userId}`);
		document.addEventListener('visibilitychange', this.#flushWhenHidden);
	}

	/** Says with which cursor the cache was loaded, if it was. */
	startFrom(cursor: string | null): void {
		void this.#lock.held.then(async () => {
			// Another tab wrote meanwhile: what is there belongs to its cursor.
			if ((await this.#cache.cursor()) !== cursor) this.#changed = 'all';
			this.#isWriter = true;
			this.#schedule();
		});
	}

	note(ids: ReadonlySet<number>): void {
		if (this.#changed !== 'all') for (const id of ids) this.#changed.add(id);
		this.#schedule();
	}

	noteAll(): void {
		this.#changed = 'all';
		this.#schedule();
	}

	async flush(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const changed = this.#changed;
		if (!this.#isWriter || (changed !== 'all' && changed.size === 0)) return;
		this.#changed = new Set();
		const { cursor, rows } = this.#read();
		const now = new Date();
		await this.#cache.save(
			cursor,
			[...rows].filter((row) => isCurrent(row, now)),
			changed
		);
	}

	stop(): void {
		clearTimeout(this.#timer);
		this.#isWriter = false;
		document.removeEventListener('visibilitychange', this.#flushWhenHidden);
		this.#lock.release();
	}

	#schedule(): void {
		if (!this.#isWriter) return;
		if (this.#changed === 'all') {
			clearTimeout(this.#timer);
			this.#timer = setTimeout(() => void this.flush(), SOON);
		} else if (this.#changed.size > 0) {
			this.#timer ??= setTimeout(() => void this.flush(), DELAY);
		}
	}

	readonly #flushWhenHidden = () => {
		if (document.visibilityState === 'hidden') void this.flush();
	};
}
