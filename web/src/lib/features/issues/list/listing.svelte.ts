import type { IssueRow } from '#lib/api/types.ts';
import type { Query } from '#lib/query/ast.ts';
import { term } from '#lib/query/chips.ts';
import { daysLater } from '#lib/query/dates.ts';
import { matcher, needsServer, reachesBefore } from '#lib/query/matching.ts';
import { clock } from '#lib/state/clock.svelte.ts';
import { preferences } from '#lib/state/preferences.svelte.ts';
import { session } from '#lib/state/session.svelte.ts';
import { engine } from '#lib/sync/engine.svelte.ts';
import { comparison, isCurrent, sortIssues } from '#lib/sync/query.ts';
import { createServerList, type ServerQuery } from '#lib/sync/server-list.svelte.ts';
import { dayIn, midnight } from '#lib/utils/zones.ts';
import { arrange } from './arrange.ts';
import type { ListView } from './view.ts';

/** What was closed since this many days is in the store, even after a day away; see `isCurrent`. */
const SURELY_STORED = 88;

/**
 * The issues of a view: from the store at once, and from the server what the store can't know. That is all of
 * it when words are looked for or the past is, and else what was closed too long ago for the store; a board
 * does without that.
 */
export function createListing(view: () => ListView & { query: Query; isBoard: boolean }) {
	const timeZone = $derived(preferences.effectiveTimeZone);
	const boundary = $derived(daysLater(dayIn(timeZone, clock.now), -SURELY_STORED));
	const query = $derived(view().query);
	const asks = $derived.by((): 'all' | 'old' | null => {
		if (needsServer(query) || !engine.isWhole) return 'all';
		const mayBeOld = reachesBefore(query, midnight(boundary, timeZone), timeZone) !== false;
		return mayBeOld && !view().isBoard ? 'old' : null;
	});
	const viewpoint = $derived({ viewerId: session.user?.id, timeZone });
	const verdictOf = $derived(matcher(query, viewpoint));
	const guessOf = $derived(matcher(query, viewpoint, true));
	const isOld = $derived.by(() => {
		const moment = midnight(boundary, timeZone);
		return ({ closed_at }: IssueRow) => closed_at !== null && Date.parse(closed_at) < moment;
	});

	const server = createServerList(
		(): ServerQuery | null => {
			if (asks === null) return null;
			const { q, sort } = view();
			const queries = asks === 'all' ? [q] : [q, term('closed', `<${boundary}`)];
			return { q: queries.filter(Boolean), sort, tz: timeZone };
		},
		(issue) => {
			const verdict = verdictOf(issue);
			return asks === 'all'
				? verdict === null || (verdict && !engine.isWhole)
				: verdict !== false && isOld(issue);
		}
	);

	const belonging = $derived(
		engine.issues.all.filter((issue) => {
			// Until the server has said who belongs to it, titles tell something.
			const verdict = verdictOf(issue) ?? (server.hasAnswered ? server.has(issue.id) : guessOf(issue));
			return verdict === true && (asks !== null || !view().isBoard || isCurrent(issue, clock.now));
		})
	);
	const rows = $derived.by(() => {
		const { sort, group } = view();
		const { frontier } = server;
		if (!frontier || asks === null) return sortIssues(belonging, sort);
		// Nobody shall take a list with gaps for a whole one: it ends where the server's has come to.
		const compare = comparison(sort);
		const isGapless = (issue: IssueRow) => group === 'status' && asks === 'old' && issue.closed_at === null;
		return sortIssues(
			belonging.filter((issue) => isGapless(issue) || compare(issue, frontier) <= 0),
			sort
		);
	});
	const lines = $derived(arrange(rows, view().group));
	const total = $derived.by(() => {
		if (asks === null || !server.hasMore) return belonging.length;
		const others = asks === 'all' ? 0 : belonging.filter((issue) => !isOld(issue)).length;
		// There may be more than were counted.
		return Math.max(others + server.total, belonging.length);
	});

	return {
		get rows() {
			return rows;
		},
		get lines() {
			return lines;
		},
		/** Of all that belong to it, whether they are here or not. */
		get total() {
			return total;
		},
		get totalIsCapped() {
			return asks !== null && server.hasMore && server.totalIsCapped;
		},
		/** Null while the store knows everything. */
		get server() {
			return asks === null ? null : server;
		},
		/** Whether who belongs to the list is guessed by the titles. */
		get isGuess() {
			return asks === 'all' && !server.hasAnswered;
		}
	};
}
