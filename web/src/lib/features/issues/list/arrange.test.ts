// @vitest-environment node
import { describe, expect, it } from 'vitest';
import type { IssueRow, Status } from '#lib/api/types.ts';
import { arrange, stepFrom } from './arrange.ts';

const issue = (id: number, status: Status) => ({ id, status }) as IssueRow;
const issues = [issue(3, 'done'), issue(2, 'open'), issue(1, 'done')];

describe('arrange', () => {
	it('keeps the order without groups', () => {
		expect(arrange(issues, null).map(({ key }) => key)).toEqual([3, 2, 1]);
	});

	it('puts a heading with its count before each status that has issues', () => {
		expect(arrange(issues, 'status').map(({ key }) => key)).toEqual(['status open', 2, 'status done', 3, 1]);
		expect(arrange(issues, 'status')[2]).toMatchObject({ kind: 'group', group: { key: 'done' } });
	});
});

describe('stepFrom', () => {
	const lines = arrange(issues, 'status');

	it('steps over headings', () => {
		expect(stepFrom(lines, 1, 1)).toBe(3);
		expect(stepFrom(lines, 3, -1)).toBe(1);
	});

	it('stays at both ends, never on the heading', () => {
		expect(stepFrom(lines, 1, -1)).toBe(1);
		expect(stepFrom(lines, 4, 1)).toBe(4);
		expect(stepFrom(lines, 4, -100)).toBe(1);
		expect(stepFrom(lines, 0, 100)).toBe(4);
	});

	it('starts at the first issue when nothing is chosen', () => {
		expect(stepFrom(lines, -1, 1)).toBe(1);
	});

	it('finds nothing in an empty list', () => {
		expect(stepFrom([], 0, 1)).toBe(-1);
	});
});
