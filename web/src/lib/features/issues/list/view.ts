import { SEVERITIES, STATUSES } from '#lib/api/types.ts';
import type { IssueFilter, IssueSort } from '#lib/sync/query.ts';

/** Everything about an issue list that its address carries, under the API's own names. */
export interface ListView {
	filter: IssueFilter;
	sort: IssueSort;
	group: 'status' | null;
	/** Also the closed issues that are too old for the store. */
	older: boolean;
}

export const SORT_LABELS: Record<IssueSort, string> = {
	'-created': 'Newest first',
	created: 'Oldest first',
	'-updated': 'Recently updated',
	updated: 'Least recently updated',
	'-severity': 'Most severe first',
	severity: 'Least severe first'
};
export const DEFAULT_SORT: IssueSort = '-created';

const MAX_ID = 2n ** 63n;

/** Reads an address; what it can't understand counts as not given, so that no link is a dead end. */
export function readView(params: URLSearchParams): ListView {
	const filter: IssueFilter = {};
	const status = known(STATUSES, params.getAll('status'));
	const severity = known(SEVERITIES, params.getAll('severity'));
	const assignee = params.getAll('assignee').flatMap((value) => person(value, ['me', 'none'] as const));
	const reporter = params.getAll('reporter').flatMap((value) => person(value, ['me'] as const));
	const tag = unique(params.getAll('tag').map((value) => value.trim())).filter(Boolean);
	const text = (params.get('q') ?? '').trim();
	if (status.length) filter.status = status;
	if (severity.length) filter.severity = severity;
	if (assignee.length) filter.assignee = unique(assignee);
	if (reporter.length) filter.reporter = unique(reporter);
	if (tag.length) filter.tag = tag;
	if (text) filter.text = text;
	const sort = params.get('sort') ?? '';
	return {
		filter,
		sort: isSort(sort) ? sort : DEFAULT_SORT,
		group: params.get('group') === 'status' ? 'status' : null,
		older: params.get('older') === '1'
	};
}

/** The one address of a view: equal views give equal text, and defaults are left out. */
export function writeView({ filter, sort, group, older }: ListView): '' | `?${string}` {
	const params = new URLSearchParams();
	for (const status of STATUSES) if (filter.status?.includes(status)) params.append('status', status);
	for (const severity of SEVERITIES) {
		if (filter.severity?.includes(severity)) params.append('severity', severity);
	}
	for (const value of filter.assignee ?? []) params.append('assignee', String(value));
	for (const value of filter.reporter ?? []) params.append('reporter', String(value));
	for (const value of filter.tag ?? []) params.append('tag', value);
	if (filter.text?.trim()) params.set('q', filter.text.trim());
	if (sort !== DEFAULT_SORT) params.set('sort', sort);
	if (group) params.set('group', group);
	if (older) params.set('older', '1');
	const query = params.toString();
	return query ? `?${query}` : '';
}

export function viewOf(filter: IssueFilter): ListView {
	return { filter, sort: DEFAULT_SORT, group: null, older: false };
}

/** A filter without the fields that ask for nothing. */
export function compact(filter: IssueFilter): IssueFilter {
	const fields = Object.entries(filter) as [string, string | unknown[] | undefined][];
	return Object.fromEntries(fields.filter(([, value]) => value?.length));
}

/** How many fields, the search text left out, narrow the list. */
export function countFilters({ text: _, ...fields }: IssueFilter): number {
	return Object.keys(compact(fields)).length;
}

function known<T extends string>(values: readonly T[], given: string[]): T[] {
	return values.filter((value) => given.includes(value));
}

function person<W extends string>(value: string, words: readonly W[]): (number | W)[] {
	const word = words.find((candidate) => candidate === value);
	if (word !== undefined) return [word];
	return /^[1-9][0-9]*$/u.test(value) && BigInt(value) < MAX_ID ? [Number(value)] : [];
}

function unique<T>(values: T[]): T[] {
	return [...new Set(values)];
}

function isSort(value: string): value is IssueSort {
	return Object.hasOwn(SORT_LABELS, value);
}
