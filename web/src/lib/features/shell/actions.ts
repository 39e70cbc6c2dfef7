import { goto } from '$app/navigation';
import { resolve } from '$app/paths';
import ChartColumn from '@lucide/svelte/icons/chart-column';
import CircleUser from '@lucide/svelte/icons/circle-user';
import HeartPulse from '@lucide/svelte/icons/heart-pulse';
import Import from '@lucide/svelte/icons/import';
import Keyboard from '@lucide/svelte/icons/keyboard';
import Layers from '@lucide/svelte/icons/layers';
import LogOut from '@lucide/svelte/icons/log-out';
import Monitor from '@lucide/svelte/icons/monitor';
import Moon from '@lucide/svelte/icons/moon';
import PanelLeft from '@lucide/svelte/icons/panel-left';
import Search from '@lucide/svelte/icons/search';
import Settings from '@lucide/svelte/icons/settings';
import SquareKanban from '@lucide/svelte/icons/square-kanban';
import SquarePen from '@lucide/svelte/icons/square-pen';
import Sun from '@lucide/svelte/icons/sun';
import Timer from '@lucide/svelte/icons/timer';
import Trash from '@lucide/svelte/icons/trash';
import Users from '@lucide/svelte/icons/users';
import type { Action } from '#lib/commands/registry.svelte.ts';
import { viewOf, writeView } from '#lib/features/issues/list/view.ts';
import { notify } from '#lib/state/notices.svelte.ts';
import { session } from '#lib/state/session.svelte.ts';
import { theme, type ThemeChoice } from '#lib/state/theme.svelte.ts';
import { layout } from './layout.svelte.ts';
import { leave } from './leave.svelte.ts';

/** "Mine" for those who work on issues is what they are assigned, for others what they reported. */
export function mine(): string {
	return `is:open ${session.can.assign() ? 'assignee' : 'reporter'}:@me`;
}

/** What can be done from everywhere. */
export function shellCommands(): Action[] {
	const isAdmin = () => session.can.manageUsers();
	const themes: [ThemeChoice, string, Action['icon']][] = [
		['system', 'Theme: as the system', Monitor],
		['light', 'Theme: light', Sun],
		['dark', 'Theme: dark', Moon]
	];
	return [
		{
			id: 'create',
			title: 'New issue',
			group: 'General',
			icon: SquarePen,
			shortcut: 'c',
			keywords: ['create', 'report', 'file'],
			run: () => void (layout.overlay = 'create')
		},
		{
			id: 'palette',
			title: 'Search and commands',
			group: 'General',
			icon: Search,
			shortcut: 'Mod+k',
			run: () => void (layout.overlay = layout.overlay === 'palette' ? null : 'palette')
		},
		{
			id: 'search',
			title: 'Search issues',
			group: 'General',
			icon: Search,
			shortcut: '/',
			// Where there is no list with a search box of its own, the palette searches.
			run: () => void (layout.overlay = 'palette')
		},
		{
			id: 'shortcuts',
			title: 'Keyboard shortcuts',
			group: 'General',
			icon: Keyboard,
			shortcut: '?',
			keywords: ['help', 'keys'],
			run: () => void (layout.overlay = 'shortcuts')
		},
		{
			id: 'sidebar',
			title: layout.collapsed ? 'Show sidebar' : 'Hide sidebar',
			group: 'General',
			icon: PanelLeft,
			shortcut: '[',
			run: () => void (layout.collapsed = !layout.collapsed)
		},
		{
			id: 'undo',
			title: 'Undo',
			group: 'General',
			shortcut: 'Mod+z',
			available: () => notify.latestUndo !== null,
			run: () => notify.latestUndo?.()
		},
		{
			id: 'go.dashboard',
			title: 'Go to the dashboard',
			group: 'Go to',
			icon: ChartColumn,
			shortcut: 'g d',
			keywords: ['home', 'statistics', 'charts', 'insights'],
			run: () => goto(resolve('/'))
		},
		{
			id: 'go.issues',
			title: 'Go to all issues',
			group: 'Go to',
			icon: Layers,
			shortcut: 'g i',
			run: () => goto(resolve('/issues'))
		},
		{
			id: 'go.board',
			title: 'Go to the board',
			group: 'Go to',
			icon: SquareKanban,
			shortcut: 'g b',
			keywords: ['kanban', 'columns'],
			run: () => goto(resolve('/board'))
		},
		{
			id: 'go.mine',
			title: 'Go to my issues',
			group: 'Go to',
			icon: CircleUser,
			shortcut: 'g m',
			run: () => goto(resolve(`/issues${writeView(viewOf(mine()))}`))
		},
		{
			id: 'go.people',
			title: 'Go to people',
			group: 'Go to',
			icon: Users,
			shortcut: 'g p',
			keywords: ['users', 'administration'],
			available: isAdmin,
			run: () => goto(resolve('/admin/people'))
		},
		{
			id: 'go.import',
			title: 'Go to import',
			group: 'Go to',
			icon: Import,
			keywords: ['csv', 'jira', 'github', 'upload', 'migrate', 'undo', 'administration'],
			available: isAdmin,
			run: () => goto(resolve('/admin/import'))
		},
		{
			id: 'go.jobs',
			title: 'Go to jobs',
			group: 'Go to',
			icon: Timer,
			shortcut: 'g j',
			keywords: ['background', 'worker', 'schedule', 'administration'],
			available: isAdmin,
			run: () => goto(resolve('/admin/jobs'))
		},
		{
			id: 'go.health',
			title: 'Go to health',
			group: 'Go to',
			icon: HeartPulse,
			shortcut: 'g h',
			keywords: ['checks', 'status', 'database', 'redis', 'administration'],
			available: isAdmin,
			run: () => goto(resolve('/admin/health'))
		},
		{
			id: 'go.trash',
			title: 'Go to the trash',
			group: 'Go to',
			icon: Trash,
			shortcut: 'g t',
			keywords: ['deleted', 'restore'],
			available: isAdmin,
			run: () => goto(resolve('/admin/trash'))
		},
		{
			id: 'go.settings',
			title: 'Go to settings',
			group: 'Go to',
			icon: Settings,
			shortcut: 'g s',
			keywords: ['profile', 'password', 'sessions'],
			run: () => goto(resolve('/settings'))
		},
		...themes.map(([choice, title, icon]): Action => ({
			id: `theme.${choice}`,
			title,
			group: 'Theme',
			icon,
			keywords: ['appearance', 'mode'],
			available: () => theme.choice !== choice,
			run: () => void (theme.choice = choice)
		})),
		{
			id: 'sign-out',
			title: 'Sign out',
			group: 'General',
			icon: LogOut,
			keywords: ['log out', 'leave'],
			run: () => leave.ask()
		}
	];
}
