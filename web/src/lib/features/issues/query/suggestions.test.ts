// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { ann, aRow, bob } from '../../../../../tests/unit/builders.ts';
import { accept, suggest } from './suggestions.ts';

const known = {
	issues: [
		aRow({ id: 1, tags: ['ui', 'needs info'], assignee: bob }),
		aRow({ id: 2, tags: ['ui'], reporter: bob })
	],
	staff: [ann, bob]
};

const at = (marked: string) => {
	const caret = marked.indexOf('|');
	const text = marked.replace('|', '');
	return { text, found: suggest(text, caret < 0 ? text.length : caret, known) };
};
const offered = (marked: string) => at(marked).found.list.map(({ text }) => text);
const taken = (marked: string, index = 0) => {
	const { text, found } = at(marked);
	const suggestion = found.list[index];
	if (!suggestion) throw new Error('nothing to take');
	const result = accept(text, found, suggestion);
	return `${result.text.slice(0, result.caret)}|${result.text.slice(result.caret)}`;
};

describe('suggest', () => {
	it('offers all fields where nothing is written yet', () => {
		expect(offered('')).toContain('status:');
		expect(offered('')).toContain('as-of:');
		expect(offered('foo ')).toEqual([]);
	});

	it('offers fields that begin like it, and values that are called like it', () => {
		expect(offered('s')).toEqual(['status:', 'severity:', 'sort:']);
		expect(offered('foo cri')).toEqual(['severity:critical']);
		expect(offered('foo -ne')).toEqual(['-tag:"needs info"']);
		expect(offered('bob')).toEqual(['assignee:2']);
		expect(at('cri').found.isNeeded).toBe(false);
	});

	it('offers values behind a field', () => {
		expect(offered('status:')).toEqual([
			'status:open',
			'status:triaged',
			'status:in_progress',
			'status:done',
			'status:cancelled'
		]);
		expect(offered('Status:prog')).toEqual(['status:in_progress']);
		expect(offered('tag:')).toEqual(['tag:ui', 'tag:"needs info"']);
		expect(offered('tag:ui,n')).toEqual(['tag:ui,"needs info"']);
		expect(offered('tag:"needs i')).toEqual(['tag:"needs info"']);
		expect(offered('severity:>=h')).toEqual(['severity:>=high']);
		expect(offered('assignee:')).toEqual(['assignee:@me', 'assignee:none', 'assignee:1', 'assignee:2']);
		expect(offered('assignee was:b')[0]).toBe('assignee was:2');
		expect(offered('created:last-3')).toEqual(['created:last-30d']);
		expect(offered('sort:up')).toEqual(['sort:updated', 'sort:-updated']);
		expect(offered('no:a')[0]).toBe('no:assignee');
		expect(at('status:').found.isNeeded).toBe(true);
	});

	it('offers the same in brackets and denied', () => {
		expect(offered('(is:op')).toEqual(['is:open']);
		expect(offered('a OR -is:op')).toEqual(['-is:open']);
	});

	it('has nothing to say inside of other words', () => {
		expect(offered('https://x')).toEqual([]);
		expect(offered('"a phrase st')).toEqual([]);
	});
});

describe('accept', () => {
	it('puts it in the place of what was written, and goes on', () => {
		expect(taken('foo sta')).toBe('foo status:|');
		expect(taken('status:op')).toBe('status:open |');
		expect(taken('status:op|e bar')).toBe('status:open| bar');
		expect(taken('(is:o|')).toBe('(is:open |');
	});
});
