import type { IssueRow, Status } from '#lib/api/types.ts';
import { STATUSES } from '#lib/api/types.ts';

/** A line of the list: an issue, or the heading of a group. */
export type Line =
	| { kind: 'issue'; key: number; issue: IssueRow }
	| { kind: 'group'; key: string; status: Status; count: number };

/** The lines of a list, with a heading before each status when grouped. */
export function arrange(issues: readonly IssueRow[], group: 'status' | null): Line[] {
	if (!group) return issues.map(toLine);
	return STATUSES.flatMap((status) => {
		const members = issues.filter((issue) => issue.status === status);
		if (members.length === 0) return [];
		return [{ kind: 'group', key: status, status, count: members.length } as const, ...members.map(toLine)];
	});
}

function toLine(issue: IssueRow): Line {
	return { kind: 'issue', key: issue.id, issue };
}

/** The next line with an issue, `step` lines away or a little further; stays at the ends. */
export function stepFrom(lines: readonly Line[], from: number, step: number): number {
	const direction = Math.sign(step) || 1;
	const wanted = Math.min(Math.max(from + step, 0), lines.length - 1);
	for (let at = wanted; at >= 0 && at < lines.length; at += direction) {
		if (lines[at]?.kind === 'issue') return at;
	}
	for (let at = wanted; at >= 0 && at < lines.length; at -= direction) {
		if (lines[at]?.kind === 'issue') return at;
	}
	return -1;
}
