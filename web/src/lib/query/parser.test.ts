// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { QueryError, type Node, type Sort } from './ast.ts';
import { MAX_LENGTH, parse, read } from './parser.ts';

/** The same cases that the API's parser is held to. */
const cases = JSON.parse(readFileSync('../api/tests/query/cases.json', 'utf8')) as {
	today: string;
	read: { text: string; means: Node | null; sort?: Sort; as_of?: string; utc?: true }[];
	refuse: { text: string; position: number; expected: string }[];
};

function refusal(text: string): QueryError {
	try {
		parse(text, cases.today);
	} catch (error) {
		if (error instanceof QueryError) return error;
		throw error;
	}
	throw new Error(`${text} was not refused`);
}

describe('parse', () => {
	it.each(cases.read)('reads $text', ({ text, means, sort = null, as_of = null, utc = false }) => {
		expect(parse(text, cases.today)).toEqual({ root: means, sort, as_of, as_of_utc: utc });
	});

	it.each(cases.refuse)('refuses $text at $position', ({ text, position, expected }) => {
		const error = refusal(text);
		expect(error.position).toBe(position);
		expect(error.message).toContain(expected);
	});

	it.each(['a '.repeat(33), `${'('.repeat(21)}a${')'.repeat(21)}`, `${'NOT '.repeat(21)}a`])(
		'is bounded: %s',
		(text) => {
			expect(refusal(text).message).toContain('at most');
		}
	);

	it('is bounded in length, as the API is', () => {
		expect(parse('x'.repeat(MAX_LENGTH), cases.today).root).not.toBeNull();
		expect(refusal('x'.repeat(MAX_LENGTH + 1)).position).toBe(MAX_LENGTH);
	});

	it('answers where each term of the conjunction stands', () => {
		const text = ' is:open  (a OR b) -tag:x "c d" as-of:today ';
		const places = read(text, cases.today).terms.map(({ begin, end }) => text.slice(begin, end));
		expect(places).toEqual(['is:open', '(a OR b)', '-tag:x', '"c d"', 'as-of:today']);
		expect(read('a OR is:open', cases.today).terms).toEqual([]);
	});
});
