import { beforeEach, describe, expect, it } from 'vitest';
import { drafts } from '#lib/state/drafts.ts';
import { IssueDraft } from './draft.svelte.ts';

beforeEach(() => localStorage.clear());

describe('IssueDraft', () => {
	it('comes back as it was left', () => {
		const draft = new IssueDraft();
		draft.title = 'Search is slow';
		draft.severity = 'high';
		draft.toggleTag('search');
		draft.assignee = { id: 2, full_name: 'Mira' };
		draft.keep();
		const again = new IssueDraft();
		expect(again).toMatchObject({
			title: 'Search is slow',
			severity: 'high',
			tags: ['search'],
			assignee: { id: 2, full_name: 'Mira' }
		});
	});

	it('leaves nothing behind when it is blank or cleared', () => {
		const draft = new IssueDraft();
		draft.title = 'x';
		draft.keep();
		draft.title = '';
		draft.keep();
		expect(localStorage).toHaveLength(0);
		draft.title = 'x';
		draft.keep();
		draft.clear();
		expect(localStorage).toHaveLength(0);
		expect(draft.isBlank).toBe(true);
	});

	it.each(['not json', '[]', '{"title": 5, "severity": "dreadful", "tags": "x", "status": "done"}'])(
		'makes the best of a damaged draft: %s',
		(text) => {
			drafts.set('new-issue', text);
			const draft = new IssueDraft();
			expect(draft.title).toBe('');
			expect(draft.severity).toBe('medium');
			expect(draft.tags).toEqual([]);
		}
	);

	it('takes a tag once, whatever its case, and not more than twenty', () => {
		const draft = new IssueDraft();
		draft.toggleTag('iOS');
		draft.toggleTag('ios');
		expect(draft.tags).toEqual([]);
		for (let n = 0; n < 25; n += 1) draft.toggleTag(`tag-${n}`);
		expect(draft.tags).toHaveLength(20);
	});
});
