import { untrack } from 'svelte';
import { Problem } from '#lib/api/errors.ts';
import type { IssueRow } from '#lib/api/types.ts';
import type { Sort } from '#lib/query/ast.ts';
import type { ListPage, ListQuery } from './backend.ts';
import { engine } from './engine.svelte.ts';

export interface ServerQuery {
	/** Queries, all of which have to be met. */
	q: string[];
	sort: Sort;
	tz: string;
}

const PAGE = 100;
/** While somebody types. */
const TYPING = 250;
/** After an event that may change what belongs to the list: soon, but not for each of many. */
const SETTLING = 500;

/**
 * The part of a list whose members only the server knows: full text, the past, and issues closed long ago. Its
 * rows are those of the store, so they stay live; who belongs to it is asked again when an issue changes that
 * belongs to it or `mayBelong`.
 *
 * Call it while a component is set up. `null` asks for nothing.
 */
export function createServerList(query: () => ServerQuery | null, mayBelong: (issue: IssueRow) => boolean) {
	let ids = $state.raw<ReadonlySet<number>>(new Set());
	let page = $state.raw<Omit<ListPage, 'items'> | null>(null);
	/** The last of what has come so far, as it stood in the server's order. */
	let last = $state.raw<IssueRow | null>(null);
	let loading = $state(false);
	let error = $state.raw<Problem | null>(null);
	let request = new AbortController();
	let timer: ReturnType<typeof setTimeout> | undefined;

	const parameters = $derived.by(() => {
		const asked = query();
		return asked && JSON.stringify(asked);
	});

	async function load(cursor: string | null, wanted: number): Promise<void> {
		clearTimeout(timer);
		timer = undefined;
		request.abort();
		if (!parameters) return;
		const { signal } = (request = new AbortController());
		loading = true;
		try {
			const found = new Set(cursor === null ? [] : ids);
			let end = cursor === null ? null : last;
			do {
				const asked: ListQuery = { ...(JSON.parse(parameters) as ListQuery), limit: PAGE };
				if (cursor !== null) asked.cursor = cursor;
				const answer = await engine.read(engine.backend.list(asked, signal), ({ items }) => items);
				if (signal.aborted) return;
				for (const { id } of answer.items) found.add(id);
				end = answer.items.at(-1) ?? end;
				page = answer;
				cursor = answer.next_cursor;
			} while (cursor !== null && found.size < wanted);
			ids = found;
			last = end;
			error = null;
		} catch (caught) {
			if (signal.aborted) return;
			if (!(caught instanceof Problem)) throw caught;
			error = caught;
		}
		loading = false;
	}

	function loadSoon(delay: number): void {
		// What is about to be asked already will be asked then: a busy tracker must not put it off for ever.
		timer ??= setTimeout(() => void load(null, ids.size), delay);
	}

	$effect(() => {
		const isWanted = parameters !== null;
		untrack(() => {
			request.abort();
			clearTimeout(timer);
			timer = undefined;
			ids = new Set();
			page = null;
			last = null;
			error = null;
			loading = isWanted;
			if (isWanted) loadSoon(TYPING);
		});
	});

	$effect(() => {
		const concerns = (id: number) => {
			const issue = engine.issues.truth(id);
			return ids.has(id) || (issue !== undefined && mayBelong(issue));
		};
		const refresh = () => untrack(() => parameters !== null && loadSoon(SETTLING));
		const forget = engine.observe({
			changed: (about) => untrack(() => (about === null || [...about].some(concerns)) && refresh()),
			reconnected: refresh
		});
		return () => {
			forget();
			clearTimeout(timer);
			request.abort();
		};
	});

	return {
		has: (id: number): boolean => ids.has(id),
		get loading() {
			return loading;
		},
		get error() {
			return error;
		},
		/** Whether it has said what belongs to the list. */
		get hasAnswered() {
			return page !== null;
		},
		get total() {
			return page?.total ?? 0;
		},
		get totalIsCapped() {
			return page?.total_is_capped ?? false;
		},
		get hasMore() {
			return Boolean(page?.next_cursor);
		},
		/** Behind this one there may be issues that are not here yet; null when all are. */
		get frontier() {
			return page?.next_cursor ? last : null;
		},
		loadMore() {
			if (!loading && page?.next_cursor) void load(page.next_cursor, ids.size + PAGE);
		},
		reload() {
			void load(null, ids.size);
		}
	};
}
