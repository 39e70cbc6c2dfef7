import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Problem } from '#lib/api/errors.ts';
import { Refusals } from './refusals.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const forbidden = new Problem({ title: 'Forbidden', status: 403, detail: 'Not yours.' });
const missing = new Problem({ title: 'Not Found', status: 404, detail: '' });
const edit = (id: number) => ({ kind: 'edit', id, changes: {} }) as const;

function told(refusals: [Parameters<Refusals['add']>[0], Problem][]): string[] {
	const said: string[] = [];
	const all = new Refusals((title, hint) => said.push(`${title}. ${hint}`));
	for (const [mutation, problem] of refusals) all.add(mutation, problem);
	vi.runAllTimers();
	return said;
}

it('what was refused for one reason is told once, and names every issue', () => {
	expect(told([3, 5, 9].map((id) => [edit(id), forbidden]))).toEqual([
		'#3, #5 and #9: you may not do this. Not yours.'
	]);
});

it('each reason is told', () => {
	const said = told([
		[edit(1), forbidden],
		[edit(2), missing],
		[edit(2), missing]
	]);
	expect(said.map((text) => text.split(':')[0])).toEqual(['#1', '#2']);
});

it('a long row of issues stays readable', () => {
	const ids = Array.from({ length: 40 }, (_, index) => index + 1);
	expect(told(ids.map((id) => [edit(id), forbidden]))[0]).toMatch(/^#1, #2, .*#7 and 33 others: you may/);
});

it('an issue that never got a number is not named by one', () => {
	expect(told([[{ kind: 'open', values: { title: 'New' } }, forbidden]])).toEqual([
		'You may not do this. Not yours.'
	]);
});
