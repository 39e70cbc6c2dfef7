import type { Action } from '#lib/commands/registry.svelte.ts';
import { session } from '#lib/state/session.svelte.ts';
import type { Field } from '../fields.ts';

interface Hands {
	hasMarked(): boolean;
	move(step: number): void;
	/** To the column beside; null where there are none. */
	across: ((step: number) => void) | null;
	open(): unknown;
	toggle(): unknown;
	clear(): void;
	pick(field: Field): unknown;
	remove(): unknown;
	search(): void;
	filter(): void;
	export(): void;
}

const FIELD_KEYS: [Field, string, string][] = [
	['status', 'Change status…', 's'],
	['severity', 'Change severity…', 'v'],
	['assignee', 'Assign to…', 'a'],
	['tags', 'Change tags…', 't']
];

/** What the keyboard and the palette can do on a list of issues. */
export function listCommands(hands: Hands): Action[] {
	const isStaff = session.user !== null && session.user.role !== 'reporter';
	return [
		{
			id: 'list.next',
			title: 'Next issue',
			group: 'List',
			shortcut: 'j',
			run: () => hands.move(1)
		},
		{
			id: 'list.previous',
			title: 'Previous issue',
			group: 'List',
			shortcut: 'k',
			run: () => hands.move(-1)
		},
		{
			id: 'board.left',
			title: 'Column to the left',
			group: 'List',
			shortcut: 'h',
			available: () => hands.across !== null,
			run: () => hands.across?.(-1)
		},
		{
			id: 'board.right',
			title: 'Column to the right',
			group: 'List',
			shortcut: 'l',
			available: () => hands.across !== null,
			run: () => hands.across?.(1)
		},
		{
			id: 'list.open',
			title: 'Open issue',
			group: 'List',
			shortcut: 'o',
			run: () => void hands.open()
		},
		{
			id: 'list.select',
			title: 'Select issue',
			group: 'List',
			shortcut: 'x',
			run: () => void hands.toggle()
		},
		{
			id: 'list.clear',
			title: 'Clear selection',
			group: 'List',
			shortcut: 'Escape',
			available: () => hands.hasMarked(),
			run: () => hands.clear()
		},
		{ id: 'search', title: 'Search issues', group: 'List', shortcut: '/', run: () => hands.search() },
		{ id: 'list.filter', title: 'Filter…', group: 'List', shortcut: 'f', run: () => hands.filter() },
		{
			id: 'list.export',
			title: 'Export…',
			group: 'List',
			keywords: ['download', 'save', 'csv', 'ndjson', 'spreadsheet', 'excel'],
			run: () => hands.export()
		},
		...(isStaff
			? FIELD_KEYS.map(([field, title, shortcut]) => ({
					id: `issue.${field}`,
					title,
					group: 'Issue',
					shortcut,
					run: () => void hands.pick(field)
				}))
			: []),
		...(session.can.remove()
			? [
					{
						id: 'issue.delete',
						title: 'Move to trash',
						group: 'Issue',
						shortcut: 'Shift+Delete',
						keywords: ['delete', 'remove'],
						run: () => void hands.remove()
					}
				]
			: [])
	];
}
