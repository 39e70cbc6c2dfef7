import type { IssueRow } from '#lib/api/types.ts';
import { CLOSED_STATUSES } from '#lib/api/types.ts';
import { clock } from '#lib/state/clock.svelte.ts';
import { session } from '#lib/state/session.svelte.ts';
import { engine } from '#lib/sync/engine.svelte.ts';
import { filterIssues, isCurrent, sortIssues } from '#lib/sync/query.ts';
import { createServerList } from '#lib/sync/server-list.svelte.ts';
import { arrange } from './arrange.ts';
import { compact, type ListView } from './view.ts';

/**
 * The issues of a view: from the store at once, and from the server where the store can't know: full text
 * looks into descriptions and comments, and issues closed long ago are not in the store.
 */
export function createListing(view: () => ListView) {
	const wantsServer = $derived(view().filter.text !== undefined || view().older);
	const server = createServerList(() => {
		const { filter, sort } = view();
		if (!wantsServer) return null;
		const { text, ...fields } = filter;
		// Without a text the store holds all that is open; only old closed ones are missing.
		const status = text === undefined ? closedOf(fields.status) : fields.status;
		return { q: text ?? '', filter: compact({ ...fields, status: status ?? [] }), sort };
	});

	// Old closed issues that some search has brought into the store only belong where they are asked for.
	const candidates = $derived(
		wantsServer ? engine.issues.all : engine.issues.all.filter((issue) => isCurrent(issue, clock.now))
	);
	const local = $derived(filterIssues(candidates, view().filter, session.user?.id));
	const rows = $derived.by(() => {
		const merged = wantsServer ? union(local, server.rows) : local;
		return sortIssues(merged, view().sort);
	});
	const lines = $derived(arrange(rows, view().group));
	const mayBeOlder = $derived(closedOf(view().filter.status).length > 0);

	return {
		get rows() {
			return rows;
		},
		get lines() {
			return lines;
		},
		get server() {
			return wantsServer ? server : null;
		},
		/** Whether issues that fit may be missing because they were closed long ago. */
		get mayLackOlder() {
			return mayBeOlder && !wantsServer;
		}
	};
}

function closedOf(status: ListView['filter']['status']) {
	return CLOSED_STATUSES.filter((closed) => !status?.length || status.includes(closed));
}

function union(first: readonly IssueRow[], second: readonly IssueRow[]): IssueRow[] {
	const known = new Set(first.map(({ id }) => id));
	return [...first, ...second.filter(({ id }) => !known.has(id))];
}
