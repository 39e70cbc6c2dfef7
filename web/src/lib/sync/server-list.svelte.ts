import { untrack } from 'svelte';
import { Problem } from '#lib/api/errors.ts';
import type { IssueRow } from '#lib/api/types.ts';
import type { ListPage, ListQuery } from './backend.ts';
import { engine } from './engine.svelte.ts';
import type { IssueFilter, IssueSort } from './query.ts';

export interface ServerQuery {
	/** Full text over title, description and comments. */
	q?: string;
	filter?: IssueFilter;
	sort?: IssueSort;
}

const PAGE = 50;
/** While somebody types. */
const TYPING = 250;
/** After an event that may change what belongs to the list. */
const SETTLING = 1_000;

/**
 * A list whose members only the server knows: full text, and issues closed long ago. Its rows are those of
 * the store, so they stay live; who belongs to it is asked again when events hint that it may have changed.
 *
 * Call it while a component is set up. `null` asks for nothing.
 */
export function createServerList(query: () => ServerQuery | null) {
	let ids = $state.raw<readonly number[]>([]);
	let page = $state.raw<Omit<ListPage, 'items'> | null>(null);
	let loading = $state(false);
	let error = $state.raw<Problem | null>(null);
	let request = new AbortController();
	let timer: ReturnType<typeof setTimeout> | undefined;

	const parameters = $derived.by(() => {
		const asked = query();
		return asked && JSON.stringify(parametersOf(asked));
	});

	async function load(cursor: string | null, wanted: number): Promise<void> {
		request.abort();
		if (!parameters) return;
		const { signal } = (request = new AbortController());
		loading = true;
		try {
			let found = cursor === null ? [] : [...ids];
			do {
				const asked: ListQuery = { ...(JSON.parse(parameters) as ListQuery), limit: PAGE };
				if (cursor !== null) asked.cursor = cursor;
				const answer = await engine.read(engine.backend.list(asked, signal), ({ items }) => items);
				if (signal.aborted) return;
				found = [...found, ...answer.items.map(({ id }) => id)];
				page = answer;
				cursor = answer.next_cursor;
			} while (cursor !== null && found.length < wanted);
			// Paging while others write can't repeat a row, but asking for several lists into one might.
			ids = [...new Set(found)];
			error = null;
		} catch (caught) {
			if (signal.aborted) return;
			if (!(caught instanceof Problem)) throw caught;
			error = caught;
		}
		loading = false;
	}

	function loadSoon(delay: number): void {
		clearTimeout(timer);
		timer = setTimeout(() => void load(null, ids.length), delay);
	}

	$effect(() => {
		const isWanted = parameters !== null;
		untrack(() => {
			request.abort();
			ids = [];
			page = null;
			error = null;
			loading = isWanted;
			if (isWanted) loadSoon(TYPING);
		});
	});

	$effect(() => {
		const refresh = () => parameters !== null && loadSoon(SETTLING);
		const forget = engine.observe({ changed: refresh, reconnected: refresh });
		return () => {
			forget();
			clearTimeout(timer);
			request.abort();
		};
	});

	return {
		get rows(): IssueRow[] {
			return ids.flatMap((id) => engine.issues.get(id) ?? []);
		},
		get loading() {
			return loading;
		},
		get error() {
			return error;
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
		loadMore() {
			if (!loading && page?.next_cursor) void load(page.next_cursor, ids.length + PAGE);
		},
		reload() {
			void load(null, ids.length);
		}
	};
}

function parametersOf({ q, filter = {}, sort }: ServerQuery): ListQuery {
	const words = [q, filter.text].filter(Boolean).join(' ');
	return {
		...(words ? { q: [words] } : {}),
		...(filter.status?.length ? { status: filter.status } : {}),
		...(filter.severity?.length ? { severity: filter.severity } : {}),
		...(filter.tag?.length ? { tag: filter.tag } : {}),
		...(filter.assignee?.length ? { assignee: filter.assignee.map(String) } : {}),
		...(filter.reporter?.length ? { reporter: filter.reporter.map(String) } : {}),
		...(sort ? { sort } : {})
	};
}
