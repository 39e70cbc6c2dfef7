import CalendarRange from '@lucide/svelte/icons/calendar-range';
import type { Action } from '#lib/commands/registry.svelte.ts';
import { WINDOWS, type WindowDays } from './window.ts';

interface Hands {
	show(days: WindowDays): void;
	search(): void;
	filter(): void;
}

/** What can be done on the dashboard besides looking. */
export function dashboardCommands(hands: Hands): Action[] {
	return [
		...WINDOWS.map((days, index) => ({
			id: `dashboard.${days}`,
			title: `Show the last ${days} days`,
			group: 'Dashboard',
			icon: CalendarRange,
			shortcut: String(index + 1),
			keywords: ['window', 'period'],
			run: () => hands.show(days)
		})),
		{
			id: 'search',
			title: 'Figures of some issues…',
			group: 'Dashboard',
			shortcut: '/',
			keywords: ['search', 'query'],
			run: () => hands.search()
		},
		{ id: 'list.filter', title: 'Filter…', group: 'Dashboard', shortcut: 'f', run: () => hands.filter() }
	];
}
