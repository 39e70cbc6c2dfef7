import { resolve } from '$app/paths';
import { term } from '#lib/query/chips.ts';
import { viewOf, writeView } from '#lib/features/issues/list/view.ts';

/** Days from the first to the last, as the viewer's time zone cuts them. */
export interface Days {
	from: string;
	to: string;
}

/** The query for all that is neither done nor cancelled. */
export const OPEN = 'is:open';

/** `created:2026-01-05..2026-01-11` */
export function during(field: 'created' | 'closed', { from, to }: Days): string {
	return term(field, from === to ? from : `${from}..${to}`);
}

/** Those that took so many seconds from filing to closing: `took:>=1h took:<4h`. */
export function lasting(from: number, below: number | null): string {
	return [
		...(from > 0 ? [term('took', `>=${from / 3_600}h`)] : []),
		...(below === null ? [] : [term('took', `<${below / 3_600}h`)])
	].join(' ');
}

/** The list of the issues that meet all of these conditions. */
export function drill(...conditions: string[]): string {
	return resolve(`/issues${writeView(viewOf(conditions.filter(Boolean).join(' ')))}`);
}
