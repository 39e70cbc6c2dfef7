import type { IssueRow } from '#lib/api/types.ts';
import { groupIssues, type Group, type GroupKey } from '#lib/sync/query.ts';

/** A line of the list: an issue, or the heading of a group. */
export type Line =
	| { kind: 'issue'; key: number; issue: IssueRow }
	| { kind: 'group'; key: string; by: GroupKey; group: Group };

/** The lines of a list, with a heading before each group that has issues. */
export function arrange(issues: readonly IssueRow[], by: GroupKey | null): Line[] {
	if (!by) return issues.map(toLine);
	return groupIssues(issues, by).flatMap((group) =>
		group.rows.length === 0
			? []
			: [{ kind: 'group', key: `${by} ${group.key}`, by, group } as const, ...group.rows.map(toLine)]
	);
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
