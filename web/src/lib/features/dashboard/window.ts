import { DEFAULT_SORT, readView, writeView } from '#lib/features/issues/list/view.ts';
import type { components } from '#lib/api/schema.d.ts';
import type { Day } from '#lib/query/ast.ts';

export type WindowDays = components['schemas']['WindowDays'];

/** Everything about the dashboard that its address carries. */
export interface Window {
	days: WindowDays;
	/** Which issues the figures are about, in the query language. */
	q: string;
}

export const WINDOWS = [30, 90, 365] as const satisfies readonly WindowDays[];
const DEFAULT: WindowDays = 30;

export function readWindow(params: URLSearchParams, today: Day): Window {
	return {
		days: WINDOWS.find((days) => String(days) === params.get('days')) ?? DEFAULT,
		q: readView(params, today).q
	};
}

/** The default is left out. */
export function writeWindow({ days, q }: Window): '' | `?${string}` {
	const query = writeView({ q, sort: DEFAULT_SORT, group: null });
	if (days === DEFAULT) return query;
	return query ? `${query}&days=${days}` : `?days=${days}`;
}
