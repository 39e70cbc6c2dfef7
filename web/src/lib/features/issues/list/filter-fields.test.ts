import { describe, expect, it } from 'vitest';
import type { IssueRow } from '#lib/api/types.ts';
import { describeFilter, filterOptions, titleOf, toggleFilter, withoutField } from './filter-fields.ts';

const ada = { id: 1, full_name: 'Ada Lovelace' };
const mira = { id: 2, full_name: 'Mira Okafor' };
const issues = [
	{ id: 1, tags: ['ios'], reporter: mira, assignee: ada },
	{ id: 2, tags: ['ios', 'docs'], reporter: ada, assignee: null }
] as IssueRow[];

describe('filterOptions', () => {
	it('offers the people who appear, after me and nobody', () => {
		expect(filterOptions('assignee', issues, {}).map(({ label }) => label)).toEqual([
			'Me',
			'Nobody',
			'Ada Lovelace'
		]);
		expect(filterOptions('reporter', issues, {}).map(({ label }) => label)).toEqual([
			'Me',
			'Ada Lovelace',
			'Mira Okafor'
		]);
	});

	it('keeps somebody whom only the address names', () => {
		expect(filterOptions('assignee', issues, { assignee: [77] }).map(({ value }) => value)).toContain(77);
	});
});

describe('toggleFilter', () => {
	it('adds, removes and forgets empty fields', () => {
		const once = toggleFilter({ text: 'x' }, 'status', 'open');
		expect(once).toEqual({ text: 'x', status: ['open'] });
		expect(toggleFilter(once, 'status', 'done')).toEqual({ text: 'x', status: ['open', 'done'] });
		expect(toggleFilter(once, 'status', 'open')).toEqual({ text: 'x' });
		expect(withoutField(once, 'status')).toEqual({ text: 'x' });
	});
});

describe('describeFilter', () => {
	it('says that tags must all be there', () => {
		const options = filterOptions('tag', issues, {});
		expect(describeFilter({ tag: ['ios', 'docs'] }, 'tag', options)).toBe('ios + docs');
	});

	it('counts when there are many', () => {
		const filter = { status: ['open', 'triaged', 'in_progress', 'done'] as const };
		expect(
			describeFilter({ status: [...filter.status] }, 'status', filterOptions('status', issues, {}))
		).toBe('4 chosen');
	});
});

describe('titleOf', () => {
	it.each([
		[{}, 'All issues'],
		[{ status: ['in_progress' as const] }, 'In progress'],
		[
			{ status: ['open' as const, 'triaged' as const, 'in_progress' as const], assignee: ['me' as const] },
			'My issues'
		],
		[{ severity: ['critical' as const] }, 'Critical severity'],
		[{ tag: ['ios'] }, 'Filtered issues'],
		[{ tag: ['ios'], text: 'x' }, 'Search']
	])('%j is %s', (filter, title) => {
		expect(titleOf(filter)).toBe(title);
	});
});
