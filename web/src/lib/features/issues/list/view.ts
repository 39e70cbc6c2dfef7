import { SORTS, type Day, type Sort } from '#lib/query/ast.ts';
import { term, tidy } from '#lib/query/chips.ts';
import type { GroupKey } from '#lib/sync/query.ts';

/** Everything about an issue list that its address carries. */
export interface ListView {
	/** What is looked for, in the query language. */
	q: string;
	sort: Sort;
	group: GroupKey | null;
}

export const SORT_LABELS: Record<Sort, string> = {
	'-created': 'Newest first',
	created: 'Oldest first',
	'-updated': 'Recently updated',
	updated: 'Least recently updated',
	'-severity': 'Most severe first',
	severity: 'Least severe first'
};
export const GROUP_LABELS: Record<GroupKey, string> = {
	status: 'Status',
	severity: 'Severity',
	assignee: 'Assignee'
};
export const GROUPS = Object.keys(GROUP_LABELS) as GroupKey[];
export const DEFAULT_SORT: Sort = '-created';

/** Filters that have parameters of their own in the API, and had in addresses. */
const PARAMETERS = ['status', 'severity', 'tag', 'assignee', 'reporter'] as const;

/** Reads an address. Equal views are equal in every part, however the address puts it. */
export function readView(params: URLSearchParams, today: Day): ListView {
	const filters = PARAMETERS.flatMap((field) => {
		const values = params.getAll(field).filter((value) => value.trim());
		if (values.length === 0) return [];
		return field === 'tag' ? values.map((value) => term(field, value)) : [term(field, ...values)];
	});
	const { q, sort } = tidy([...filters, params.get('q') ?? ''].join(' '), today);
	const given = sort ?? params.get('sort');
	return {
		q,
		sort: SORTS.find((known) => known === given) ?? DEFAULT_SORT,
		group: GROUPS.find((known) => known === params.get('group')) ?? null
	};
}

/** The one address of a view; defaults are left out, and what may be read is not made unreadable. */
export function writeView({ q, sort, group }: ListView): '' | `?${string}` {
	const params = new URLSearchParams();
	if (q) params.set('q', q);
	if (sort !== DEFAULT_SORT) params.set('sort', sort);
	if (group) params.set('group', group);
	const query = params.toString().replace(/%(3A|2C|40)/gu, decodeURIComponent);
	return query ? `?${query}` : '';
}

export function viewOf(q: string): ListView {
	return { q, sort: DEFAULT_SORT, group: null };
}
