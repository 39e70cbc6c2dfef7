// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { ann, anIssue, bob } from '../../../tests/unit/builders.ts';
import { rebase } from './rebase.ts';
import type { IssueChanges } from './types.ts';

function rebased(before: IssueChanges, changes: IssueChanges, theirs: Partial<ReturnType<typeof anIssue>>) {
	return rebase({ kind: 'edit', id: 1, changes, before }, anIssue(theirs));
}

describe('rebase', () => {
	it('keeps a text whose other edits were elsewhere', () => {
		expect(rebased({ title: 'old' }, { title: 'mine' }, { title: 'old', status: 'done' })).toEqual({
			title: 'mine'
		});
	});

	it('is a conflict when both wrote the same text differently', () => {
		expect(rebased({ title: 'old' }, { title: 'mine' }, { title: 'theirs' })).toBeNull();
		expect(rebased({ description: 'old' }, { description: 'mine' }, { description: 'theirs' })).toBeNull();
	});

	it('has both edits of one text where each changed other lines', () => {
		const before = { description: '- [ ] a\n- [ ] b\n- [ ] c' };
		const mine = { description: '- [ ] a\n- [x] b\n- [ ] c' };
		expect(rebased(before, mine, { description: '- [x] a\n- [ ] b\n- [x] c' })).toEqual({
			description: '- [x] a\n- [x] b\n- [x] c'
		});
		expect(rebased(before, mine, { description: '- [ ] a\n- [ ] b!\n- [ ] c' })).toBeNull();
		expect(rebased(before, mine, { description: '- [ ] new\n- [ ] a\n- [ ] b\n- [ ] c' })).toBeNull();
	});

	it('is none when both wrote the same', () => {
		expect(rebased({ title: 'old' }, { title: 'same' }, { title: 'same' })).toEqual({});
	});

	it('is one when it is not known what the text was', () => {
		expect(rebased({}, { description: 'mine' }, { description: 'theirs' })).toBeNull();
	});

	it('merges tags as sets', () => {
		const before = { tags: ['a', 'b'] };
		expect(rebased(before, { tags: ['a', 'c'] }, { tags: ['A', 'b', 'd'] })).toEqual({
			tags: ['A', 'd', 'c']
		});
	});

	it('lets the later pick stay', () => {
		const before = { status: 'open', assignee: null } as const;
		const mine = { status: 'done', assignee: ann } as const;
		expect(rebased(before, mine, { status: 'triaged', assignee: bob })).toEqual(mine);
	});
});
