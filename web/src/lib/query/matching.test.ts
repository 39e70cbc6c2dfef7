// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { IssueRow } from '#lib/api/types.ts';
import { ann, aRow, bob } from '../../../tests/unit/builders.ts';
import { admits, matcher, needsServer, reachesBefore } from './matching.ts';
import { parse } from './parser.ts';

const view = { viewerId: ann.id, timeZone: 'Europe/Berlin' };
const query = (text: string) => parse(text, '2026-01-15');

const rows = [
	aRow({
		id: 1,
		title: 'Login fails after an hour',
		severity: 'high',
		tags: ['Auth', 'needs info'],
		assignee: bob,
		comment_count: 2,
		created_at: '2026-01-04T23:30:00.5Z'
	}),
	aRow({ id: 2, title: 'Export is slow', status: 'triaged', reporter: bob, tags: ['auth'] }),
	aRow({
		id: 3,
		title: 'Login page has no title',
		status: 'done',
		severity: 'critical',
		assignee: ann,
		closed_at: '2026-01-03T00:00:00Z'
	})
];

const among = (text: string, verdict: boolean | null, guess = false) => {
	const verdictOf = matcher(query(text), view, guess);
	return rows.filter((row) => verdictOf(row) === verdict).map(({ id }) => id);
};
const found = (text: string) => among(text, true);

describe('matcher', () => {
	it.each([
		['', [1, 2, 3]],
		['is:open', [1, 2]],
		['status:open status:done', [1, 3]],
		['severity:>=high is:open', [1]],
		['tag:AUTH', [1, 2]],
		['tag:auth tag:"NEEDS  info"', [1]],
		['-tag:auth', [3]],
		['assignee:me', [3]],
		['assignee:none,@me', [2, 3]],
		['assignee:ray', [1]],
		['assignee:"bob r"', [1]],
		['assignee:ob', []],
		['reporter:bob', [2]],
		['reporter:2', [2]],
		['#2 OR #3', [2, 3]],
		['no:assignee', [2]],
		['has:comment', [1]],
		['no:tag', [3]],
		['has:attachment', []],
		['created:2026-01-05', [1]],
		['created:<2026-01-05', [2, 3]],
		['closed:2026-01', [3]],
		['-closed:2026-01', [1, 2]],
		['took:<2d', []],
		['took:2d..3d', [3]],
		['NOT (is:open OR tag:x)', [3]]
	])('finds by %s', (text, ids) => {
		expect(found(text)).toEqual(ids);
		expect(among(text, null)).toEqual([]);
		expect(needsServer(query(text))).toBe(false);
	});

	it('finds nothing of somebody who is not signed in', () => {
		expect(matcher(query('assignee:me'), { ...view, viewerId: undefined })(aRow())).toBe(false);
	});

	it.each<[string, number[], number[]]>([
		['login', [], [1, 2, 3]],
		['login is:open', [], [1, 2]],
		['login OR is:open', [1, 2], [3]],
		['-login', [], [1, 2, 3]],
		['has:description', [], [1, 2, 3]],
		['was:done', [3], [1, 2]],
		['assignee was:bob', [1], [2, 3]],
		['as-of:2026-01-04 reporter:bob', [2], []],
		['as-of:2026-01-04 is:open', [], [2, 3]],
		['as-of:2026-01-05 is:open', [], [1, 2, 3]]
	])('leaves to the server what only that knows: %s', (text, yes, unknown) => {
		expect(found(text)).toEqual(yes);
		expect(among(text, null)).toEqual(unknown);
		expect(needsServer(query(text))).toBe(true);
	});

	it('guesses by the title until the server has answered', () => {
		expect(among('login', true, true)).toEqual([1, 3]);
		expect(among('"login page"', true, true)).toEqual([3]);
		expect(among('-login', true, true)).toEqual([2]);
	});
});

describe('matcher, held to what the API answers', () => {
	const told = JSON.parse(readFileSync('../api/tests/query/answers.json', 'utf8')) as {
		zone: string;
		today: string;
		viewer_id: number;
		rows: IssueRow[];
		found: Record<string, number[]>;
	};
	const viewpoint = { viewerId: told.viewer_id, timeZone: told.zone };

	it.each(Object.entries(told.found))('decides as the API does, or not at all: %s', (text, ids) => {
		const query = parse(text, told.today);
		const verdictOf = matcher(query, viewpoint);
		for (const row of told.rows) {
			const verdict = verdictOf(row);
			if (verdict !== null || !needsServer(query)) {
				expect(verdict, `#${row.id}`).toBe(ids.includes(row.id));
			}
		}
	});
});

describe('reachesBefore', () => {
	const beyond = (text: string) => reachesBefore(query(text), Date.parse('2025-10-01T00:00:00Z'), 'UTC');

	it('knows which queries leave out what was closed long ago', () => {
		expect(beyond('is:open')).toBe(false);
		expect(beyond('closed:last-30d')).toBe(false);
		expect(beyond('created:>=2025-12-01 tag:a')).toBe(false);
		expect(beyond('tag:a (status:open OR closed:2026)')).toBe(false);
	});

	it('knows which may not', () => {
		expect(beyond('')).toBe(true);
		expect(beyond('is:closed')).toBeNull();
		expect(beyond('-is:open')).toBe(true);
		expect(beyond('closed:<2026-01-01')).toBeNull();
		expect(beyond('updated:>2026-01-01')).toBeNull();
		expect(beyond('is:open OR tag:a')).toBeNull();
	});
});

describe('admits', () => {
	it('tells which statuses issues of a query can have', () => {
		expect(admits(query('tag:a'), 'done')).toBe(true);
		expect(admits(query('is:open foo'), 'done')).toBe(false);
		expect(admits(query('is:open foo'), 'triaged')).toBe(true);
		expect(admits(query('-status:open'), 'open')).toBe(false);
		expect(admits(query('is:closed as-of:today'), 'open')).toBe(true);
	});
});
