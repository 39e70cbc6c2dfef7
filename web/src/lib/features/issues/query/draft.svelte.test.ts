import { describe, expect, it } from 'vitest';
import { write } from '#lib/query/chips.ts';
import { Draft, withBeginnings, type ChangedBy } from './draft.svelte.ts';

function aDraft(q = '') {
	const said: [q: string, by: ChangedBy][] = [];
	const sorts: string[] = [];
	const draft = new Draft({
		today: () => '2026-01-15',
		onchange: (...change) => said.push(change),
		onsort: (sort) => sorts.push(sort)
	});
	draft.follow(q);
	/** Letter by letter, at the end. */
	const type = (letters: string) => {
		for (const letter of letters) draft.type(draft.rest + letter, draft.rest.length + 1);
	};
	const looks = () => [...draft.chips.map(write), draft.rest];
	return { draft, said, sorts, type, looks };
}

describe('Draft', () => {
	it('makes a chip of a field as soon as it is finished', () => {
		const { type, looks, said } = aDraft();
		type('login status:open ');
		expect(looks()).toEqual(['status:open', 'login ']);
		expect(said.at(-1)).toEqual(['status:open login', 'choosing']);
		type('now');
		expect(said.at(-1)).toEqual(['status:open login now*', 'typing']);
	});

	it('looks for all that begins like a word while it is typed, and for the word when it is done', () => {
		const { draft, type, said } = aDraft();
		type('expedi');
		expect(said.at(-1)).toEqual(['expedi*', 'typing']);
		draft.settle({ isDone: false });
		expect(draft.rest).toBe('expedi');
		expect(said.at(-1)).toEqual(['expedi*', 'typing']);
		draft.settle({ isDone: true });
		expect(said.at(-1)).toEqual(['expedi', 'ending']);
		type('a ');
		expect(said.slice(-2)).toEqual([
			['expedia*', 'typing'],
			['expedia', 'typing']
		]);
		draft.type('expediaexpedia', 7);
		expect(said.at(-1)?.[0]).toBe('expediaexpedia');
	});

	it.each(['"on the page', 'OR', '-wontfix', '#42', 'ui', 'tag:boo', 'log*'])(
		'knows no beginnings of %s',
		(text) => {
			expect(withBeginnings(text)).toBeNull();
		}
	);

	it('searches for words while they are typed, and not for half a field', () => {
		const { type, said } = aDraft();
		type('login tag:u');
		expect(said.map(([q]) => q)).toEqual([
			'l',
			'lo',
			'log*',
			'logi*',
			'login*',
			'login',
			'login t',
			'login ta',
			'login tag*',
			'login'
		]);
	});

	it('says nothing new while there is trouble, and where that is', () => {
		const { draft, type, said } = aDraft('tag:a');
		type('x status:opne y');
		expect(said.at(-1)?.[0]).toBe('tag:a x');
		expect(draft.trouble).toEqual({
			position: 9,
			message: 'Expected open, triaged, in_progress, done or cancelled.'
		});
		expect(draft.settle({ isDone: true })).toBe(false);
		draft.type('x y', 3);
		expect(draft.trouble).toBeNull();
		expect(said.at(-1)).toEqual(['tag:a x y', 'typing']);
	});

	it('keeps chips and alternatives apart', () => {
		const { type, said, draft, looks } = aDraft('is:open');
		type('a OR b');
		draft.settle({ isDone: true });
		expect(said.at(-1)).toEqual(['is:open (a OR b)', 'typing']);
		draft.follow('is:open (a OR b)');
		expect(looks()).toEqual(['is:open', 'a OR b']);
	});

	it('takes what is named twice for one', () => {
		const { type, looks } = aDraft('status:open');
		type('status:done ');
		expect(looks()).toEqual(['status:open,done', '']);
	});

	it('hands the order of the list on', () => {
		const { type, sorts, looks, said } = aDraft();
		type('a sort:updated-desc ');
		expect(sorts).toEqual(['-updated']);
		expect(looks()).toEqual(['a ']);
		expect(said.at(-1)?.[0]).toBe('a');
	});

	it('follows the address, but not its own words', () => {
		const { draft, type, looks } = aDraft('is:open');
		type('two  words ');
		draft.follow('is:open two words');
		expect(looks()).toEqual(['is:open', 'two  words ']);
		draft.follow('');
		expect(looks()).toEqual(['']);
	});

	it('makes text of the last chip again', () => {
		const { draft, looks } = aDraft('tag:a is:open foo');
		expect(draft.dissolve()).toBe(7);
		expect(looks()).toEqual(['tag:a', 'is:open foo']);
	});

	it('changes, adds and takes away chips', () => {
		const { draft, said, looks } = aDraft('status:open tag:a');
		expect(draft.begin('status')).toBe(0);
		const index = draft.begin('tag');
		expect(index).toBe(2);
		draft.replace(index, { field: 'tag', isNot: false, values: [{ text: 'b' }] });
		expect(said.at(-1)).toEqual(['status:open tag:a tag:b', 'choosing']);
		draft.replace(0, null);
		expect(looks()).toEqual(['tag:a', 'tag:b', '']);
		draft.begin('created');
		draft.sweep();
		expect(looks()).toEqual(['tag:a', 'tag:b', '']);
	});

	it('keeps a query that can not be read as text, and says why', () => {
		const { draft, said, looks } = aDraft('is:open status:opne');
		expect(looks()).toEqual(['is:open status:opne']);
		expect(draft.trouble?.position).toBe(15);
		expect(said).toEqual([]);
	});

	it('says when chips do not go together', () => {
		const { draft, type } = aDraft('closed:today');
		type('as-of:today ');
		expect(draft.trouble?.message).toContain('beside as-of');
		expect(draft.trouble?.position).toBeNull();
	});
});
