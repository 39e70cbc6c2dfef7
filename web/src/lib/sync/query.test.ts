import { describe, expect, it } from 'vitest';
import { ann, aRow, bob } from '../../../tests/unit/builders.ts';
import { formatQuery, parseQuery } from './query-text.ts';
import {
	countBy,
	filterIssues,
	groupIssues,
	isCurrent,
	similarTitles,
	sortIssues,
	tagCounts,
	type IssueFilter
} from './query.ts';

const rows = [
	aRow({ id: 1, title: 'Login fails after an hour', severity: 'high', tags: ['Auth', 'web'], assignee: bob }),
	aRow({ id: 2, title: 'Export is slow', status: 'triaged', reporter: bob, tags: ['auth'] }),
	aRow({ id: 3, title: 'Login page has no title', status: 'done', severity: 'critical', assignee: ann })
];

function ids(filter: IssueFilter): number[] {
	return filterIssues(rows, filter, ann.id).map(({ id }) => id);
}

describe('filterIssues', () => {
	it('takes several values of one field as any of them, and several fields as all', () => {
		expect(ids({})).toEqual([1, 2, 3]);
		expect(ids({ status: ['open', 'done'] })).toEqual([1, 3]);
		expect(ids({ status: ['open', 'done'], severity: ['critical'] })).toEqual([3]);
	});

	it('takes several tags as all of them, without regard to case', () => {
		expect(ids({ tag: ['AUTH'] })).toEqual([1, 2]);
		expect(ids({ tag: ['auth', 'web'] })).toEqual([1]);
	});

	it('knows me and nobody', () => {
		expect(ids({ assignee: ['me'] })).toEqual([3]);
		expect(ids({ assignee: ['none'] })).toEqual([2]);
		expect(ids({ assignee: ['none', bob.id] })).toEqual([1, 2]);
		expect(ids({ reporter: ['me'] })).toEqual([1, 3]);
		expect(filterIssues(rows, { assignee: ['me'] }, undefined)).toEqual([]);
	});

	it('finds words in titles, and numbers', () => {
		expect(ids({ text: 'login' })).toEqual([1, 3]);
		expect(ids({ text: 'LOG hour' })).toEqual([1]);
		expect(ids({ text: '#2' })).toEqual([2]);
		expect(ids({ text: '  ' })).toEqual([1, 2, 3]);
	});
});

describe('sortIssues', () => {
	const dated = [
		aRow({ id: 1, created_at: '2026-01-02T00:00:00Z', updated_at: '2026-01-03T00:00:00Z', severity: 'low' }),
		aRow({
			id: 2,
			created_at: '2026-01-01T00:00:00Z',
			updated_at: '2026-01-04T00:00:00Z',
			severity: 'critical'
		}),
		aRow({ id: 3, created_at: '2026-01-02T00:00:00Z', updated_at: '2026-01-05T00:00:00Z', severity: 'low' })
	];

	it.each([
		['created', [2, 1, 3]],
		['-created', [3, 1, 2]],
		['-updated', [3, 2, 1]],
		['-severity', [2, 3, 1]],
		['severity', [1, 3, 2]]
	] as const)('sorts by %s, and by number where that is the same', (sort, expected) => {
		expect(sortIssues(dated, sort).map(({ id }) => id)).toEqual(expected);
	});
});

describe('groups and counts', () => {
	it('groups by status in their order, empty ones too', () => {
		const groups = groupIssues(rows, 'status').map(({ key, rows: members }) => [key, members.length]);
		expect(groups).toEqual([
			['open', 1],
			['triaged', 1],
			['in_progress', 0],
			['done', 1],
			['cancelled', 0]
		]);
	});

	it('groups by severity, worst first, and by assignee, nobody last', () => {
		expect(groupIssues(rows, 'severity').map(({ key }) => key)).toEqual(['critical', 'high', 'medium']);
		expect(groupIssues(rows, 'assignee').map(({ key }) => key)).toEqual(['1', '2', 'none']);
	});

	it('counts', () => {
		expect(countBy(rows, 'status')).toEqual({ open: 1, triaged: 1, in_progress: 0, done: 1, cancelled: 0 });
		expect(tagCounts([...rows, aRow({ tags: ['auth'] })])).toEqual([
			{ name: 'auth', count: 3 },
			{ name: 'web', count: 1 }
		]);
	});
});

describe('similarTitles', () => {
	it('finds issues that share the telling words', () => {
		expect(similarTitles(rows, 'login fails').map(({ id }) => id)[0]).toBe(1);
		expect(similarTitles(rows, 'slow export of lists').map(({ id }) => id)).toEqual([2]);
		expect(similarTitles(rows, 'something else entirely')).toEqual([]);
		expect(similarTitles(rows, '')).toEqual([]);
	});
});

describe('isCurrent', () => {
	it('is what is open or closed within 90 days', () => {
		const now = new Date('2026-06-01T00:00:00Z');
		expect(isCurrent(aRow(), now)).toBe(true);
		expect(isCurrent(aRow({ closed_at: '2026-05-01T00:00:00Z' }), now)).toBe(true);
		expect(isCurrent(aRow({ closed_at: '2026-02-01T00:00:00Z' }), now)).toBe(false);
	});
});

describe('query text', () => {
	it.each<[string, IssueFilter]>([
		['', {}],
		['status:open,triaged', { status: ['open', 'triaged'] }],
		['status:open status:done', { status: ['open', 'done'] }],
		['assignee:me,none,7', { assignee: ['me', 'none', 7] }],
		['tag:"needs info" tag:ui', { tag: ['needs info', 'ui'] }],
		['tag:a,b', { tag: ['a', 'b'] }],
		['STATUS:open login  fails', { status: ['open'], text: 'login fails' }],
		['"exact words" -without', { text: '"exact words" -without' }],
		['https://example.com/x', { text: 'https://example.com/x' }],
		['status:unknown severity:', { text: 'status:unknown severity:' }],
		['assignee:0', { text: 'assignee:0' }]
	])('reads %j', (text, filter) => {
		expect(parseQuery(text)).toEqual(filter);
	});

	it('writes what it reads back', () => {
		const filter: IssueFilter = {
			status: ['open', 'in_progress'],
			severity: ['high'],
			assignee: ['me', 3],
			reporter: [4],
			tag: ['needs info', 'a,b', 'x:y'],
			text: 'some words'
		};
		expect(parseQuery(formatQuery(filter))).toEqual(filter);
	});
});
