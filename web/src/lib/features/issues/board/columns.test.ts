// @vitest-environment node
import { describe, expect, it } from 'vitest';
import type { IssueRow, Status } from '#lib/api/types.ts';
import { arrange } from '../list/arrange.ts';
import { columnBeside, columnsOf, placeOf, statusBeside } from './columns.ts';

const issue = (id: number, status: Status) => ({ id, status }) as IssueRow;
const lines = arrange([issue(1, 'done'), issue(2, 'open'), issue(3, 'done'), issue(4, 'open')], 'status');
const shape = (columns: ReturnType<typeof columnsOf>) =>
	Object.fromEntries(columns.map(({ status, issues }) => [status, issues.map(({ id }) => id)]));

describe('the columns', () => {
	it('are the statuses in their order, also those without an issue', () => {
		const columns = columnsOf(lines, undefined);
		expect(columns.map(({ status }) => status)).toEqual([
			'open',
			'triaged',
			'in_progress',
			'done',
			'cancelled'
		]);
		expect(shape(columns)).toMatchObject({ open: [2, 4], triaged: [], done: [1, 3] });
	});

	it('are only those that the filter leaves', () => {
		expect(shape(columnsOf(lines, ['done', 'open']))).toEqual({ open: [2, 4], done: [1, 3] });
		expect(columnsOf(lines, [])).toHaveLength(5);
	});

	it('show a lifted card first where it is held, and in its place where it came from', () => {
		expect(shape(columnsOf(lines, undefined, { id: 4, to: 'done' }))).toMatchObject({
			open: [2],
			done: [4, 1, 3]
		});
		expect(shape(columnsOf(lines, undefined, { id: 4, to: 'open' }))).toMatchObject({ open: [2, 4] });
	});
});

describe('on the board', () => {
	const columns = columnsOf(lines, undefined);

	it('a card is found by its number', () => {
		expect(placeOf(columns, 3)).toEqual({ column: 3, row: 1 });
		expect(placeOf(columns, 9)).toBeNull();
		expect(placeOf(columns, null)).toBeNull();
	});

	it('one goes past empty columns to the next with cards, and no further than there are any', () => {
		expect(columnBeside(columns, 0, 1)).toBe(3);
		expect(columnBeside(columns, 3, -1)).toBe(0);
		expect(columnBeside(columns, 3, 1)).toBe(3);
		expect(columnBeside(columns, -1, 1)).toBe(0);
	});

	it('a held card goes over every column, also empty ones, and stays at both ends', () => {
		expect(statusBeside(columns, 'open', 1)).toBe('triaged');
		expect(statusBeside(columns, 'open', -1)).toBe('open');
		expect(statusBeside(columns, 'cancelled', 1)).toBe('cancelled');
	});
});
