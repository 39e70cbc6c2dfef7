// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { ann, aRow, bob } from '../../../tests/unit/builders.ts';
import { countBy, groupIssues, isCurrent, similarTitles, sortIssues, tagCounts } from './query.ts';

const rows = [
	aRow({ id: 1, title: 'Login fails after an hour', severity: 'high', tags: ['Auth', 'web'], assignee: bob }),
	aRow({ id: 2, title: 'Export is slow', status: 'triaged', reporter: bob, tags: ['auth'] }),
	aRow({ id: 3, title: 'Login page has no title', status: 'done', severity: 'critical', assignee: ann })
];

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
