// @vitest-environment node
import { describe, expect, it } from 'vitest';
import type { Issue } from '#lib/api/types.ts';
import type { Conflict } from '#lib/sync/types.ts';
import { chosenChanges, conflictingTexts } from './conflict.ts';

const theirs = { id: 7, title: 'Theirs', description: 'Their text', status: 'triaged' } as Issue;
const conflict: Conflict = {
	key: 'k',
	id: 7,
	mine: { title: 'Mine', description: 'My text', status: 'done' },
	before: { title: 'Once', description: 'Once a text' },
	theirs
};

describe('conflictingTexts', () => {
	it('shows both versions of each text, and where they came from', () => {
		expect(conflictingTexts(conflict)).toEqual([
			{ field: 'title', label: 'Title', mine: 'Mine', theirs: 'Theirs', before: 'Once' },
			{
				field: 'description',
				label: 'Description',
				mine: 'My text',
				theirs: 'Their text',
				before: 'Once a text'
			}
		]);
	});

	it('leaves out what both wrote alike, and what was not touched', () => {
		expect(conflictingTexts({ ...conflict, mine: { title: 'Theirs', status: 'done' } })).toEqual([]);
	});
});

describe('chosenChanges', () => {
	it('saves my texts', () => {
		expect(chosenChanges(conflict, { title: 'Mine', description: 'My text' })).toEqual({
			title: 'Mine',
			description: 'My text',
			status: 'done'
		});
	});

	it('keeps their texts, and my other changes', () => {
		expect(chosenChanges(conflict, { title: 'Theirs', description: 'Their text' })).toEqual({
			status: 'done'
		});
	});

	it('saves a text made from both', () => {
		expect(chosenChanges(conflict, { title: 'Theirs', description: 'Their text\nMy text' })).toEqual({
			description: 'Their text\nMy text',
			status: 'done'
		});
	});

	it('saves nothing when all is as they left it', () => {
		const onlyTexts = { ...conflict, mine: { title: 'Mine' } };
		expect(chosenChanges(onlyTexts, { title: 'Theirs' })).toBeNull();
	});
});
