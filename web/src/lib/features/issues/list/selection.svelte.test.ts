import { beforeEach, describe, expect, it } from 'vitest';
import type { IssueRow } from '#lib/api/types.ts';
import { arrange } from './arrange.ts';
import { Selection } from './selection.svelte.ts';

let issues: IssueRow[];
let selection: Selection;

beforeEach(() => {
	issues = [5, 4, 3, 2, 1].map((id) => ({ id, status: 'open' }) as IssueRow);
	selection = new Selection(() => arrange(issues, null));
});

describe('the current issue', () => {
	it('is none until the first step, which takes the first', () => {
		expect(selection.active).toBeNull();
		selection.move(1);
		expect(selection.active).toBe(5);
	});

	it('stays itself when others come and go above it', () => {
		selection.active = 3;
		issues = [9, 8, ...[5, 4, 3, 2, 1]].map((id) => ({ id, status: 'open' }) as IssueRow);
		expect(selection.active).toBe(3);
		expect(selection.index).toBe(4);
	});

	it('passes on to the neighbour when it leaves the list', () => {
		selection.active = 3;
		issues = issues.filter(({ id }) => id !== 3);
		expect(selection.active).toBe(2);
		selection.move(1);
		expect(selection.active).toBe(1);
	});

	it('is none in an empty list', () => {
		selection.active = 3;
		issues = [];
		expect(selection.active).toBeNull();
		expect(selection.targets).toEqual([]);
	});
});

describe('marking', () => {
	it('aims commands at the marked issues, else at the current one', () => {
		selection.active = 3;
		expect(selection.targets).toEqual([3]);
		selection.toggle(1);
		selection.toggle(5);
		expect(selection.targets).toEqual([5, 1]);
	});

	it('does not aim at marked issues that are no longer shown', () => {
		selection.toggle(5);
		selection.toggle(4);
		issues = issues.filter(({ id }) => id !== 5);
		expect(selection.targets).toEqual([4]);
	});

	it('grows and shrinks with Shift', () => {
		selection.active = 4;
		selection.move(1, true);
		selection.move(1, true);
		expect(selection.targets).toEqual([4, 3, 2]);
		selection.move(-1, true);
		expect(selection.targets).toEqual([4, 3]);
		selection.move(-1, true);
		selection.move(-1, true);
		expect(selection.targets).toEqual([5, 4]);
	});

	it('marks a range up to a clicked issue, and all', () => {
		selection.active = 4;
		selection.markTo(2);
		expect(selection.targets).toEqual([4, 3, 2]);
		selection.markAll();
		expect(selection.targets).toEqual([5, 4, 3, 2, 1]);
		selection.clear();
		expect(selection.marked.size).toBe(0);
	});
});
