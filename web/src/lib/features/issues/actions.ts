import type { IssueRow, Person, Severity, Status } from '#lib/api/types.ts';
import { SEVERITY_LABELS, STATUS_LABELS } from '#lib/components/domain/labels.ts';
import { session } from '#lib/state/session.svelte.ts';
import { notify } from '#lib/state/notices.svelte.ts';
import { engine } from '#lib/sync/engine.svelte.ts';
import type { IssueChanges } from '#lib/sync/types.ts';
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

/** Adds the tag to all of them, or takes it off when all of them have it. */
export function toggleTag(issues: readonly IssueRow[], tag: string): void {
	const takeOff = issues.every(({ tags }) => tags.some((own) => sameTag(own, tag)));
	change(issues, ({ tags }) => {
		const others = tags.filter((own) => !sameTag(own, tag));
		if (takeOff) return { tags: others };
		return tags.length === others.length && tags.length < MAX_TAGS ? { tags: [...tags, tag] } : null;
	});
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

function change(
	issues: readonly IssueRow[],
	changesOf: (issue: IssueRow) => IssueChanges | null,
	said?: string
): void {
	const allowed = issues.filter((issue) => session.can.triage(issue));
	for (const issue of allowed) {
		const changes = changesOf(issue);
		if (changes) engine.mutate({ kind: 'edit', id: issue.id, changes });
	}
	if (said && allowed.length > 1) notify.announce(`${allowed.length} issues: ${said}`);
}

function nameOf(ids: readonly number[]): string {
	return ids.length === 1 ? `#${ids[0] ?? ''}` : `${ids.length} issues`;
}
