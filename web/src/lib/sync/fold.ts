import { isClosed, type IssueRow, type Person } from '#lib/api/types.ts';
import { compareAge, compareTimes } from './base.ts';
import type { Answer, Entry, IssueChanges } from './types.ts';

/**
 * What the person sees of an issue: the server's row with an own mutation on top. Null is "not there".
 *
 * Being recomputed from the row each time, it needs no way back: a refused mutation is just not folded in any
 * more, and one made on an older row lands on the newest.
 */
export function fold(row: IssueRow | null, entry: Entry, viewer: Person): IssueRow | null {
	const { mutation, answer } = entry;
	switch (mutation.kind) {
		// What was accepted came back as a row, which is in the store already.
		case 'open':
			return answer ? row : newRow(entry, mutation.values, viewer);
		case 'edit':
			return answer ? row : row && changed(row, mutation.changes, entry.at);
		case 'delete':
			return null;
		case 'restore':
			return row ?? answer?.issue ?? null;
		case 'comment':
			return row && { ...row, comment_count: row.comment_count + 1 };
		case 'deleteComment':
			return row && { ...row, comment_count: Math.max(0, row.comment_count - 1) };
		case 'deleteFile':
			return row && { ...row, attachment_count: Math.max(0, row.attachment_count - 1) };
		case 'editComment':
		case 'keepFile':
			return row;
	}
}

/**
 * Whether the server's row shows already what an accepted mutation did: then there is nothing to fold in.
 * Where the row can't tell, only the feed can.
 */
export function isReflected(row: IssueRow | undefined, { mutation }: Entry, answer: Answer): boolean {
	if (answer.issue) return row !== undefined && compareAge(row, answer.issue) >= 0;
	if (!row) return true;
	switch (mutation.kind) {
		case 'comment':
			return answer.comment !== undefined && compareTimes(row.updated_at, answer.comment.created_at) >= 0;
		case 'editComment':
		case 'keepFile':
			return true;
		default:
			return false;
	}
}

/** An issue with changes made to it, as the server would make them. */
export function changed<Row extends IssueRow>(row: Row, changes: IssueChanges, at: string): Row {
	const { description, ...fields } = changes;
	const next: Row = { ...row, ...fields, updated_at: at };
	if (description !== undefined && 'description' in next) next.description = description;
	if (isClosed(next) !== isClosed(row)) next.closed_at = isClosed(next) ? at : null;
	return next;
}

function newRow(entry: Entry, values: IssueChanges & { title: string }, viewer: Person): IssueRow {
	return {
		id: entry.issueId,
		title: values.title,
		status: values.status ?? 'open',
		severity: values.severity ?? 'medium',
		tags: values.tags ?? [],
		reporter: { id: viewer.id, full_name: viewer.full_name },
		assignee: values.assignee ?? null,
		duplicate_of: null,
		version: 0,
		created_at: entry.at,
		updated_at: entry.at,
		closed_at: null,
		comment_count: 0,
		attachment_count: 0
	};
}
