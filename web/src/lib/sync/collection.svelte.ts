import type { IssueRow, Person } from '#lib/api/types.ts';
import { Base, type News } from './base.ts';
import { fold } from './fold.ts';
import type { Entry } from './types.ts';

/**
 * The issues as the person sees them: `fold(base, pending)`.
 *
 * Thousands of rows in deep `$state` cost 100 ms for each change. Here they are immutable records in plain
 * Maps, and one version counter tells readers that something changed; a `$derived` that picks one row gets
 * the same object as before unless it is that row that changed, and goes no further.
 */
export class Collection {
	#base = new Base();
	/** Only the issues with own mutations under way: what the person sees instead of the base row. */
	#folded = new Map<number, IssueRow | null>();
	#all: readonly IssueRow[] | null = null;
	#version = $state(0);

	/** Every row; a new array after each change. */
	get all(): readonly IssueRow[] {
		this.#watch();
		this.#all ??= this.#collect();
		return this.#all;
	}

	get(id: number): IssueRow | undefined {
		this.#watch();
		const folded = this.#folded.get(id);
		return folded === undefined ? this.#base.get(id) : (folded ?? undefined);
	}

	/** The server's row, without own mutations. */
	truth(id: number): IssueRow | undefined {
		this.#watch();
		return this.#base.get(id);
	}

	/** Every row as the server has it. */
	truths(): IterableIterator<IssueRow> {
		return this.#base.values();
	}

	/** Takes in news and folds the pending mutations anew. Answers the ids of the issues that changed. */
	apply(news: News, pending: readonly Entry[], viewer: Person): Set<number> {
		const changed = this.#base.apply(news);
		this.refold(pending, viewer);
		return changed;
	}

	refold(pending: readonly Entry[], viewer: Person): void {
		this.#folded.clear();
		for (const entry of pending) {
			const { issueId } = entry;
			const below = this.#folded.get(issueId);
			const row = below === undefined ? (this.#base.get(issueId) ?? null) : below;
			this.#folded.set(issueId, fold(row, entry, viewer));
		}
		this.#all = null;
		this.#version += 1;
	}

	#collect(): IssueRow[] {
		const rows: IssueRow[] = [];
		for (const row of this.#base.values()) {
			if (!this.#folded.has(row.id)) rows.push(row);
		}
		for (const row of this.#folded.values()) {
			if (row) rows.push(row);
		}
		return rows;
	}

	/** Makes whoever reads now read again after the next change. */
	#watch(): number {
		return this.#version;
	}
}
