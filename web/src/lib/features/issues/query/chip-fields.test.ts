// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { ann, aRow, bob } from '../../../../../tests/unit/builders.ts';
import { split } from '#lib/query/chips.ts';
import { chosenIn, labelOf, optionsOf, titleOf, toggled, valueTyped, wordsOf } from './chip-fields.ts';

const today = '2026-01-15';
const known = { issues: [aRow({ tags: ['ios'], reporter: bob, assignee: bob })], staff: [ann, bob] };

function chip(text: string) {
	const [first] = split(text, today).chips;
	if (!first) throw new Error(`${text} is no chip`);
	return first;
}
const words = (text: string) => wordsOf(chip(text), optionsOf(chip(text).field, known));

describe('optionsOf', () => {
	it('offers everybody once, after me and nobody', () => {
		const labels = optionsOf('assignee', known).map(({ label }) => label);
		expect(labels).toEqual(['Me', 'Nobody', 'Ann Lee', 'Bob Ray']);
	});
});

describe('wordsOf', () => {
	it.each([
		['status:open,in_progress', 'Open, In progress'],
		['status:open,triaged,in_progress,done', '4 chosen'],
		['assignee:@me,none,2', 'Me, Nobody, Bob Ray'],
		['assignee:77', 'Person 77'],
		['severity:>=high', '≥ High'],
		['created:last-30d', 'Last 30 days'],
		['created:last-3m', 'last 3 months'],
		['closed:2026-01-05..2026-01-11', '2026-01-05 – 2026-01-11'],
		['updated:<-7d', '< 7 days ago'],
		['as-of:2026-01-05Z', '2026-01-05 (UTC)'],
		['tag:"needs info"', 'needs info']
	])('says %s', (text, said) => {
		expect(words(text)).toBe(said);
	});

	it('names the field, also denied', () => {
		expect(labelOf(chip('status:open'))).toBe('Status');
		expect(labelOf(chip('-tag:a'))).toBe('Not tag');
		expect(labelOf(chip('-is:open'))).toBe('Is not');
	});
});

describe('toggled', () => {
	it('adds and takes away', () => {
		expect(toggled(chip('status:open'), 'done').values).toEqual([{ text: 'open' }, { text: 'done' }]);
		expect(toggled(chip('status:open,done'), 'open').values).toEqual([{ text: 'done' }]);
	});

	it('makes values of a comparison', () => {
		expect(chosenIn(chip('severity:>=high'))).toEqual(['high', 'critical']);
		expect(toggled(chip('severity:>=high'), 'high').values).toEqual([{ text: 'critical' }]);
	});

	it('replaces where there is one value only', () => {
		expect(toggled(chip('created:today'), 'last-7d').values).toEqual([{ text: 'last-7d' }]);
	});
});

describe('valueTyped', () => {
	it('takes dates that can be read', () => {
		expect(valueTyped('created', ' 2026-01 ', today)).toBe('2026-01');
		expect(valueTyped('created', 'soon', today)).toBeNull();
		expect(valueTyped('tag', 'x', today)).toBeNull();
	});
});

describe('titleOf', () => {
	it.each([
		['', 'All issues'],
		['status:in_progress', 'In progress'],
		['is:open assignee:@me', 'My issues'],
		['severity:critical', 'Critical severity'],
		['tag:ios', 'Filtered issues'],
		['slow start', 'Search']
	])('%j is %s', (q, title) => {
		expect(titleOf(q)).toBe(title);
	});
});
