import { createContext } from 'svelte';
import { resolve } from '$app/paths';
import type { Day } from '#lib/query/ast.ts';
import { join, split, term, tidy } from '#lib/query/chips.ts';
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
export type Drill = (...conditions: string[]) => string;

const [getDrill, setDrill] = createContext<Drill>();

/** Leads to issues from the charts, of which all are about those of one query. */
export function drillInto(asked: () => { q: string; today: Day }): Drill {
	return setDrill((...conditions) => {
		const { q, today } = asked();
		const query = among(conditions.filter(Boolean).join(' '), q, today);
		return resolve(`/issues${writeView(viewOf(query))}`);
	});
}

export function drilling(): Drill {
	return getDrill();
}

/** Those of a query that meet the conditions too. */
export function among(conditions: string, q: string, today: Day): string {
	const { chips } = split(conditions, today);
	if (!q || chips.length === 0) return q || conditions;
	const named = chips.map(({ field }) => field);
	// Named again beside itself, a field would widen the choice.
	const isApart = split(q, today).chips.some(({ field }) => named.includes(field));
	return isApart ? `(${q}) ${conditions}` : tidy(join(chips, q, today), today).q;
}
