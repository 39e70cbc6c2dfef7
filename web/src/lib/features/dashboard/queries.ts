import { createQuery } from '@tanstack/svelte-query';
import { api, ok } from '#lib/api/client.ts';
import type { Problem } from '#lib/api/errors.ts';
import { createQueryClient } from '#lib/api/queries.ts';
import type { components } from '#lib/api/schema.d.ts';
import { preferences } from '#lib/state/preferences.svelte.ts';
import { session } from '#lib/state/session.svelte.ts';
import type { Window } from './window.ts';

export type Figures = components['schemas']['DashboardStats'];

const FIGURES = 'figures';
/** What changes without an event: the day, people's names. */
const ANYWAY = 60_000;

/** Outlives the page, so that whoever comes back sees the figures at once, and then the new ones. */
export const client = createQueryClient();

/** Key and answer belong to one person in one role. Null waits. */
export function useFigures(window: () => Window | null) {
	return createQuery<Figures, Problem>(() => {
		const viewer = `${session.user?.id ?? 0} ${session.user?.role ?? ''}`;
		const { days = 30, q = '' } = window() ?? {};
		const query = { days, tz: preferences.effectiveTimeZone, ...(q && { q: [q] }) };
		return {
			queryKey: [FIGURES, viewer, query],
			queryFn: ({ signal }) => ok(api.GET('/issues/dashboard/stats', { params: { query }, signal })),
			placeholderData: (before, query) => (query?.queryKey[1] === viewer ? before : undefined),
			enabled: window() !== null,
			refetchInterval: ANYWAY
		};
	});
}

export function refreshFigures(): void {
	void client.invalidateQueries({ queryKey: [FIGURES] });
}
