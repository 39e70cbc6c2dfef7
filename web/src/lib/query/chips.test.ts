// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Node } from './ast.ts';
import { join, replaced, split, term, tidy, write } from './chips.ts';
import { parse } from './parser.ts';

const today = '2026-01-15';
const cases = JSON.parse(readFileSync('../api/tests/query/cases.json', 'utf8')) as {
	read: { text: string }[];
};

const parts = (text: string, caret?: number) => {
	const { chips, rest, sort } = split(text, today, caret);
	return { chips: chips.map(write), rest, sort };
};

/** What a query means, in whatever order it says it. */
function meaning(text: string): unknown {
	const { root, ...others } = parse(text, today);
	const sorted = (node: Node): unknown => {
		if (node.type === 'All') return node.terms.map((each) => JSON.stringify(sorted(each))).sort();
		return node;
	};
	return { root: root && sorted(root), ...others, sort: null };
}

describe('split', () => {
	it('makes chips of what is simple, and leaves the rest', () => {
		expect(parts('login is:open -tag:"needs info" (a OR tag:b) NOT status:done #4')).toEqual({
			chips: ['is:open', '-tag:"needs info"', '-status:done'],
			rest: 'login (a OR tag:b) #4',
			sort: null
		});
	});

	it('makes one chip of a field that widens', () => {
		expect(parts('status:open x Status:Done,open assignee:me severity:>low severity:<high').chips).toEqual([
			'status:open,done',
			'assignee:@me',
			'severity:>low',
			'severity:<high'
		]);
		expect(parts('tag:a tag:b').chips).toEqual(['tag:a', 'tag:b']);
	});

	it('makes none of one alternative among others', () => {
		expect(parts('is:open OR tag:a')).toEqual({ chips: [], rest: 'is:open OR tag:a', sort: null });
	});

	it('takes sort: out', () => {
		expect(parts('a sort:updated-desc')).toEqual({ chips: [], rest: 'a', sort: '-updated' });
	});

	it('leaves alone what is being written', () => {
		expect(parts('is:open tag:ui', 14)).toEqual({ chips: ['is:open'], rest: 'tag:ui', sort: null });
		expect(parts('is:open tag:ui ', 15)).toEqual({ chips: ['is:open', 'tag:ui'], rest: '', sort: null });
		expect(parts('login is:open ', 14)).toEqual({ chips: ['is:open'], rest: 'login ', sort: null });
	});

	it('leaves alone what it can not read', () => {
		expect(parts('is:open status:opne')).toEqual({ chips: [], rest: 'is:open status:opne', sort: null });
		expect(parts('foo:bar "is:open" https://x.y')).toEqual({
			chips: [],
			rest: 'foo:bar "is:open" https://x.y',
			sort: null
		});
	});

	it('drops the AND that stood beside a chip', () => {
		expect(parts('a AND is:open AND b')).toEqual({ chips: ['is:open'], rest: 'a b', sort: null });
	});
});

describe('join', () => {
	it('keeps alternatives together', () => {
		expect(join(split('is:open', today).chips, 'a OR b', today)).toBe('is:open (a OR b)');
		expect(join([], 'a OR b', today)).toBe('a OR b');
	});

	it.each(cases.read.map(({ text }) => text))('gives back what was taken apart: %s', (text) => {
		const { q } = tidy(text, today);
		expect(meaning(q)).toEqual(meaning(text));
		expect(tidy(q, today).q).toBe(q);
	});
});

describe('term', () => {
	it.each([['a'], ['needs info'], ['a,b: "c"'], ['"quoted"'], ['(x)'], ['5"']])(
		'can say any tag: %s',
		(tag) => {
			expect(parse(term('tag', tag), today).root).toEqual({ type: 'Tagged', names: [tag] });
		}
	);
});

describe('replaced', () => {
	it('says one thing of a field instead of another', () => {
		const done = { field: 'status', isNot: false, values: [{ text: 'done' }] };
		expect(replaced('status:open,done -status:triaged x', done, today)).toBe('-status:triaged status:done x');
	});
});
