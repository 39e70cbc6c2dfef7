import { goto } from '$app/navigation';
import { resolve } from '$app/paths';
import { CalendarRange } from '@lucide/svelte';
import type { Action } from '#lib/commands/registry.svelte.ts';
import { WINDOWS, writeWindow } from './window.ts';

/** What can be done on the dashboard besides looking. */
export function dashboardCommands(): Action[] {
	return WINDOWS.map((days, index) => ({
		id: `dashboard.${days}`,
		title: `Show the last ${days} days`,
		group: 'Dashboard',
		icon: CalendarRange,
		shortcut: String(index + 1),
		keywords: ['window', 'period'],
		run: () => goto(resolve(`/${writeWindow(days)}`), { noScroll: true, keepFocus: true })
	}));
}
