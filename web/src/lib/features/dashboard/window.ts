import type { components } from '#lib/api/schema.d.ts';

export type WindowDays = components['schemas']['WindowDays'];

export const WINDOWS = [30, 90, 365] as const satisfies readonly WindowDays[];
const DEFAULT: WindowDays = 30;

export function readWindow(params: URLSearchParams): WindowDays {
	return WINDOWS.find((days) => String(days) === params.get('days')) ?? DEFAULT;
}

/** The default is left out. */
export function writeWindow(days: WindowDays): '' | `?${string}` {
	return days === DEFAULT ? '' : `?days=${days}`;
}
