import { STATUSES, type IssueRow, type Status } from '#lib/api/types.ts';
import type { Line } from '../list/arrange.ts';

export interface Column {
	status: Status;
	issues: readonly IssueRow[];
}

/** A card that is held by the keyboard, and the column over which it is. */
export interface Lift {
	id: number;
	to: Status;
}

/** The columns that a filter leaves, also the empty ones; a lifted card stands first in the one it is over. */
export function columnsOf(
	lines: readonly Line[],
	wanted: readonly Status[] | undefined,
	lift: Lift | null = null
): Column[] {
	const members = new Map<Status, IssueRow[]>(STATUSES.map((status) => [status, []]));
	for (const line of lines) {
		if (line.kind !== 'issue') continue;
		const isLifted = lift?.id === line.key && lift.to !== line.issue.status;
		if (isLifted) members.get(lift.to)?.unshift(line.issue);
		else members.get(line.issue.status)?.push(line.issue);
	}
	return STATUSES.filter((status) => !wanted?.length || wanted.includes(status)).map((status) => ({
		status,
		issues: members.get(status) ?? []
	}));
}

/** Where a card is: its column and its place there; null when it is nowhere. */
export function placeOf(
	columns: readonly Column[],
	id: number | null
): { column: number; row: number } | null {
	for (const [column, { issues }] of columns.entries()) {
		const row = issues.findIndex((issue) => issue.id === id);
		if (row >= 0) return { column, row };
	}
	return null;
}

/** The nearest column in a direction that has cards; stays where there is none. */
export function columnBeside(columns: readonly Column[], from: number, step: number): number {
	for (let at = from + step; at >= 0 && at < columns.length; at += step) {
		if (columns[at]?.issues.length) return at;
	}
	return from;
}

/** The status a held card goes over to; stays at both ends. */
export function statusBeside(columns: readonly Column[], from: Status, step: number): Status {
	const at = columns.findIndex(({ status }) => status === from);
	return columns[Math.min(Math.max(at + step, 0), columns.length - 1)]?.status ?? from;
}
