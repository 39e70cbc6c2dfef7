// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { diffLines } from './diff.ts';

const marks = (left: string, right: string) =>
	diffLines(left, right).map(({ text, side }) => `${{ both: ' ', left: '-', right: '+' }[side]}${text}`);

describe('diffLines', () => {
	it('marks what only one side has', () => {
		expect(marks('a\nb\nc', 'a\nx\nc\nd')).toEqual([' a', '-b', '+x', ' c', '+d']);
	});

	it('loses no line of either text', () => {
		const left = 'one\ntwo\n\nthree\ntwo';
		const right = 'two\nthree\n\ntwo\nfour';
		const lines = diffLines(left, right);
		const of = (side: 'left' | 'right') =>
			lines
				.filter((line) => line.side === 'both' || line.side === side)
				.map(({ text }) => text)
				.join('\n');
		expect(of('left')).toBe(left);
		expect(of('right')).toBe(right);
	});

	it('shows very long texts whole', () => {
		const left = 'a\n'.repeat(2000);
		expect(diffLines(left, left.replace('a', 'b')).filter(({ side }) => side === 'both')).toEqual([]);
	});
});
