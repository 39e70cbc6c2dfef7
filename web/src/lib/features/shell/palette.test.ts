// @vitest-environment node
import { describe, expect, it } from 'vitest';
import type { IssueRow } from '#lib/api/types.ts';
import type { Action } from '#lib/commands/registry.svelte.ts';
import { searchPalette } from './palette.ts';

const action = (title: string, keywords: string[] = []): Action => ({
	id: title,
	title,
	group: 'General',
	keywords,
	run: () => undefined
});
const issue = (id: number, title: string, status: IssueRow['status'] = 'open') =>
	({ id, title, status, updated_at: `2026-01-01T00:00:${String(id % 60).padStart(2, '0')}Z` }) as IssueRow;

const actions = [action('New issue', ['create']), action('Theme: dark'), action('Go to people')];
const issues = [issue(7, 'Dark theme'), issue(70, 'Café map is empty'), issue(12, 'Print map', 'done')];

const search = (typed: string) => {
	const { actions: a, issues: i, ...rest } = searchPalette(typed, actions, issues);
	return { actions: a.map(({ title }) => title), issues: i.map(({ id }) => id), ...rest };
};

describe('searchPalette', () => {
	it('offers actions and what was updated last before anything is typed', () => {
		expect(search(' ')).toEqual({
			actions: ['New issue', 'Theme: dark', 'Go to people'],
			issues: [12, 70, 7],
			first: 'actions',
			jump: null
		});
	});

	it('finds words in any order, without case and accents', () => {
		expect(search('cafe MAP').issues).toEqual([70]);
		expect(search('map print').issues).toEqual([12]);
	});

	it('puts what is open before what is closed', () => {
		expect(search('map').issues).toEqual([70, 12]);
	});

	it('finds actions by other words for them, and puts the better fit first', () => {
		expect(search('create')).toMatchObject({ actions: ['New issue'], first: 'actions' });
		expect(search('theme dark')).toMatchObject({ actions: ['Theme: dark'], issues: [7], first: 'actions' });
		expect(search('dark theme')).toMatchObject({ first: 'issues' });
	});

	it('takes a number for an issue, and offers to go to one it does not know', () => {
		expect(search('7')).toMatchObject({ issues: [7, 70], jump: null });
		expect(search('#12')).toMatchObject({ issues: [12], jump: null });
		expect(search('4711')).toMatchObject({ issues: [], jump: 4711 });
		expect(search('0')).toMatchObject({ jump: null });
	});
});
