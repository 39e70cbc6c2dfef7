import { isClosed, type IssueRow, type Person, type Severity, type Status } from '#lib/api/types.ts';
import { SEVERITY_LABELS, STATUS_LABELS } from '#lib/components/domain/labels.ts';
import { session } from '#lib/state/session.svelte.ts';
import { notify } from '#lib/state/notices.svelte.ts';
import { engine } from '#lib/sync/engine.svelte.ts';
import type { IssueChanges, Mutated } from '#lib/sync/types.ts';
import { MAX_TAGS, sameTag } from './options.ts';

/** What people do to issues, to one or to many: each is a change of its own, told apart when one fails. */

export function setStatus(issues: readonly IssueRow[], status: Status): void {
	change(issues, () => ({ status }), STATUS_LABELS[status]);
}

export function setSeverity(issues: readonly IssueRow[], severity: Severity): void {
	change(issues, () => ({ severity }), SEVERITY_LABELS[severity]);
}

export function assign(issues: readonly IssueRow[], assignee: Person | null): void {
	change(issues, () => ({ assignee }), assignee ? assignee.full_name : 'unassigned');
}

/** Says of which it is a duplicate; one that is still open can be closed in the same breath. */
export async function setDuplicate(issue: IssueRow, duplicate_of: number | null): Promise<void> {
	const [sent] = change([issue], () => ({ duplicate_of }), '');
	const outcome = await sent?.done;
	if (duplicate_of === null || isClosed(issue) || outcome?.state !== 'done') return;
	notify.success(`#${issue.id} is a duplicate of #${duplicate_of}`, {
		label: 'Close as cancelled',
		run: () => setStatus([engine.issues.get(issue.id) ?? issue], 'cancelled')
	});
}

/** Adds the tag to all of them, or takes it off when all of them have it. */
export function toggleTag(issues: readonly IssueRow[], tag: string): void {
	const takeOff = issues.every(({ tags }) => tags.some((own) => sameTag(own, tag)));
	change(
		issues,
		({ tags }) => {
			const others = tags.filter((own) => !sameTag(own, tag));
			if (takeOff) return { tags: others };
			return tags.length === others.length && tags.length < MAX_TAGS ? { tags: [...tags, tag] } : null;
		},
		`${takeOff ? 'without' : 'with'} “${tag}”`
	);
}

/** Into the trash; the way back is in the message. */
export async function remove(issues: readonly IssueRow[]): Promise<void> {
	const sent = issues.map(({ id }) => ({ id, sent: engine.mutate({ kind: 'delete', id }) }));
	const outcomes = await Promise.all(
		sent.map(async ({ id, sent }) => ({ id, state: (await sent.done).state }))
	);
	const gone = outcomes.filter(({ state }) => state === 'done').map(({ id }) => id);
	if (gone.length === 0) return;
	notify.undoable(`Moved ${nameOf(gone)} to the trash`, () => {
		for (const id of gone) engine.mutate({ kind: 'restore', id });
	});
}

export async function copyLink(id: number): Promise<void> {
	await copy(new URL(`/issues/${id}`, location.origin).href, `Copied the link to #${id}`);
}

async function copy(text: string, said: string): Promise<void> {
	try {
		await navigator.clipboard.writeText(text);
		notify.success(said);
	} catch {
		notify.failure('Your browser does not let this page copy', `Copy it from here: ${text}`);
	}
}

interface Change {
	id: number;
	before: IssueChanges;
	after: IssueChanges;
}

function change(
	issues: readonly IssueRow[],
	changesOf: (issue: IssueRow) => IssueChanges | null,
	said: string
): Mutated[] {
	const done: Change[] = [];
	const sent: Mutated[] = [];
	for (const issue of issues.filter((issue) => session.can.triage(issue))) {
		const after = changesOf(issue);
		if (!after) continue;
		const fields = Object.keys(after) as (keyof IssueChanges & keyof IssueRow)[];
		done.push({
			id: issue.id,
			before: Object.fromEntries(fields.map((field) => [field, issue[field]])),
			after
		});
		sent.push(engine.mutate({ kind: 'edit', id: issue.id, changes: after }));
	}
	if (done.length === 1) notify.undoableQuietly(() => takeBack(done));
	else if (done.length > 1) notify.undoable(`${done.length} issues: ${said}`, () => takeBack(done));
	return sent;
}

function takeBack(done: readonly Change[]): void {
	const back = done.filter(({ id, after }) => {
		const now = engine.issues.get(id);
		// What somebody has made of it since stays.
		return now !== undefined && isStill(now, after);
	});
	for (const { id, before } of back) engine.mutate({ kind: 'edit', id, changes: before });
	if (back.length > 0) notify.success(`Took back the change of ${nameOf(back.map(({ id }) => id))}`);
	else notify.failure('Nothing is taken back', 'What you did was changed again since.');
}

function isStill(issue: IssueRow, changes: IssueChanges): boolean {
	const { status, severity, assignee, tags, duplicate_of } = changes;
	return (
		(duplicate_of === undefined || issue.duplicate_of === duplicate_of) &&
		(status === undefined || issue.status === status) &&
		(severity === undefined || issue.severity === severity) &&
		(assignee === undefined || issue.assignee?.id === assignee?.id) &&
		(tags === undefined ||
			(tags.length === issue.tags.length && tags.every((tag) => issue.tags.some((own) => sameTag(own, tag)))))
	);
}

function nameOf(ids: readonly number[]): string {
	return ids.length === 1 ? `#${ids[0] ?? ''}` : `${ids.length} issues`;
}
