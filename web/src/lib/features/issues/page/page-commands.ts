import type { Action } from '#lib/commands/registry.svelte.ts';
import type { Field } from '../fields.ts';

interface Hands {
	canTriage: boolean;
	canEdit: boolean;
	canComment: boolean;
	canRemove: boolean;
	next: (() => void) | null;
	previous: (() => void) | null;
	back(): void;
	/** From beside the list to a page of its own; null where it is one. */
	expand: (() => void) | null;
	pick(field: Field): void;
	edit(): void;
	comment(): void;
	copyLink(): void;
	remove(): void;
}

const FIELDS: [Field, string, string][] = [
	['status', 'Change status…', 's'],
	['severity', 'Change severity…', 'v'],
	['assignee', 'Assign to…', 'a'],
	['tags', 'Change tags…', 't']
];

/** What the keyboard and the palette can do on an issue's page. */
export function pageCommands(hands: Hands): Action[] {
	const group = 'Issue';
	return [
		{
			id: 'page.next',
			title: 'Next issue',
			group,
			shortcut: 'j',
			available: () => hands.next !== null,
			run: () => hands.next?.()
		},
		{
			id: 'page.previous',
			title: 'Previous issue',
			group,
			shortcut: 'k',
			available: () => hands.previous !== null,
			run: () => hands.previous?.()
		},
		{
			id: 'page.back',
			title: 'Back to the list',
			group,
			shortcut: hands.expand ? ['u', 'Escape'] : 'u',
			run: () => hands.back()
		},
		{
			id: 'page.expand',
			title: 'Open as a page',
			group,
			shortcut: 'o',
			available: () => hands.expand !== null,
			run: () => hands.expand?.()
		},
		...FIELDS.map(([field, title, shortcut]) => ({
			id: `issue.${field}`,
			title,
			group,
			shortcut,
			available: () => hands.canTriage,
			run: () => hands.pick(field)
		})),
		{
			id: 'page.edit',
			title: 'Edit description',
			group,
			shortcut: 'e',
			available: () => hands.canEdit,
			run: () => hands.edit()
		},
		{
			id: 'page.comment',
			title: 'Write a comment',
			group,
			shortcut: 'm',
			available: () => hands.canComment,
			run: () => hands.comment()
		},
		{ id: 'page.copy', title: 'Copy link', group, shortcut: 'y', run: () => hands.copyLink() },
		{
			id: 'issue.delete',
			title: 'Move to trash',
			group,
			shortcut: 'Shift+Delete',
			keywords: ['delete', 'remove'],
			available: () => hands.canRemove,
			run: () => hands.remove()
		}
	];
}
