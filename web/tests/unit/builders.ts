import type { Issue, IssueRow, TrackerEvent } from '#lib/api/types.ts';

export const ann = { id: 1, full_name: 'Ann Lee' };
export const bob = { id: 2, full_name: 'Bob Ray' };

/** An issue row in which only what the test is about is said. */
export function aRow(values: Partial<IssueRow> = {}): IssueRow {
	return {
		id: 1,
		title: 'Something is wrong',
		status: 'open',
		severity: 'medium',
		tags: [],
		reporter: ann,
		assignee: null,
		duplicate_of: null,
		version: 1,
		created_at: '2026-01-01T00:00:00Z',
		updated_at: '2026-01-01T00:00:00Z',
		closed_at: null,
		comment_count: 0,
		attachment_count: 0,
		...values
	};
}

export function anIssue(values: Partial<Issue> = {}): Issue {
	return { ...aRow(), description: '', ...values };
}

let lastEventId = 0;

export function anEvent(values: Partial<TrackerEvent> = {}): TrackerEvent {
	lastEventId += 1;
	return {
		id: lastEventId,
		type: 'issue.updated',
		issue_id: values.issue?.id ?? 1,
		actor: bob,
		created_at: '2026-01-01T00:00:00Z',
		changes: {},
		issue: null,
		...values
	};
}
