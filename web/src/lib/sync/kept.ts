import type { IssueRow } from '#lib/api/types.ts';
import { Cache } from './cache.ts';
import { CacheWriter } from './cache-writer.ts';
import type { Tab } from './tab.ts';
import type { Entry } from './types.ts';

/** Rows, and the cursor of the feed that belongs to them. */
export interface Truth {
	cursor: string;
	rows: Iterable<IssueRow>;
}

/** What this browser keeps for one person: what the server has said, and what they have done that it does not know. */
export class Kept {
	readonly #userId: number;
	readonly #truth: () => Truth;
	readonly #cache: Cache;
	#writer: CacheWriter | null = null;
	#isOver = false;

	constructor(userId: number, truth: () => Truth) {
		this.#userId = userId;
		this.#truth = truth;
		this.#cache = new Cache(userId);
		void Cache.forgetOthers(userId);
	}

	/** What was kept; from then on, what is noted will be. */
	async load(): Promise<{ cursor: string; rows: IssueRow[] } | null> {
		const cached = await this.#cache.load();
		if (!this.#isOver) this.#writer = new CacheWriter(this.#cache, this.#userId, this.#truth);
		return cached;
	}

	/** Begins to keep what is noted, with the cursor that was loaded. */
	startFrom(cursor: string | null): void {
		this.#writer?.startFrom(cursor);
	}

	note(changed: ReadonlySet<number> | 'all'): void {
		if (changed === 'all') this.#writer?.noteAll();
		else this.#writer?.note(changed);
	}

	put(entry: Entry): void {
		this.#cache.put(entry);
	}

	remove(key: string): void {
		this.#cache.remove(key);
	}

	/** The mutations that pages left unsent which are gone. */
	async adoptEntries(tab: Tab): Promise<Entry[]> {
		return await tab.adoptEntries(this.#cache);
	}

	/** Keeps what was noted and is not kept yet. */
	flush(): void {
		void this.#writer?.flush();
	}

	/** Nothing is noted any more. */
	stop(): void {
		this.#isOver = true;
		this.#writer?.stop();
		this.#writer = null;
	}

	/** After stopping. `forget` deletes the rows, or all of it. */
	async close(forget?: 'rows' | 'all'): Promise<void> {
		await this.#cache.close();
		if (forget) await this.#cache.forget(forget);
	}
}
