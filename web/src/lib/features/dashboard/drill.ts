import { resolve } from '$app/paths';
import { isClosedStatus, OPEN_STATUSES } from '#lib/api/types.ts';
import { viewOf, writeView } from '#lib/features/issues/list/view.ts';
import { formatQuery, parseQuery } from '#lib/sync/query-text.ts';
import type { IssueFilter } from '#lib/sync/query.ts';

/** Days from the first to the last, as the viewer's time zone cuts them. */
export interface Days {
	from: string;
	to: string;
}

/** Which issues a mark counts. */
export interface Counted extends Omit<IssueFilter, 'text'> {
	created?: Days | undefined;
	closed?: Days | undefined;
}

export const OPEN: Counted = { status: [...OPEN_STATUSES] };

/** The query by which people would ask for the same: `status:done closed:2026-01-05..2026-01-11`. */
export function drillText({ created, closed, ...filter }: Counted): string {
	return [formatQuery(filter), datesText({ created, closed })].filter(Boolean).join(' ');
}

/** The list of exactly these issues; null where its query can't say it, rather than of nearly the same. */
export function drill({ created, closed, ...filter }: Counted): string | null {
	const dates = parseQuery(datesText({ created, closed }));
	if (dates.text !== undefined) return null;
	const older = !filter.status || filter.status.some(isClosedStatus);
	return resolve(`/issues${writeView({ ...viewOf({ ...filter, ...dates }), older })}`);
}

function datesText({ created, closed }: Pick<Counted, 'created' | 'closed'>): string {
	return [created && span('created', created), closed && span('closed', closed)].filter(Boolean).join(' ');
}

function span(field: string, { from, to }: Days): string {
	return `${field}:${from === to ? from : `${from}..${to}`}`;
}
