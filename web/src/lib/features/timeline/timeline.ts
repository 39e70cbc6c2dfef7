import type { HistoryEntry, Person, Severity, Status } from '#lib/api/types.ts';
import { CLOSED_STATUSES, SEVERITIES, STATUSES } from '#lib/api/types.ts';
import { sameTag } from '#lib/features/issues/options.ts';

/** A piece of a sentence: words, or something that is shown as what it is. */
export type Part =
	| { kind: 'text'; text: string }
	| { kind: 'quote'; text: string }
	| { kind: 'status'; status: Status }
	| { kind: 'severity'; severity: Severity }
	| { kind: 'tag'; name: string }
	| { kind: 'person'; person: Person }
	| { kind: 'issue'; id: number };

export interface Change {
	kind: 'change';
	key: string;
	at: string;
	actor: Person | null;
	/** What the picture beside it shows. */
	icon: 'created' | 'closed' | 'status' | 'edited' | 'people' | 'tag' | 'removed';
	sentences: Part[][];
}

export interface Remark<C> {
	kind: 'comment';
	key: string;
	at: string;
	comment: C;
}

/** Comments and changes in the order in which they happened. One event is one line, whatever it changed. */
export function buildTimeline<C extends { id: number; created_at: string }>(
	comments: readonly C[],
	history: readonly HistoryEntry[]
): (Change | Remark<C>)[] {
	const changes: Change[] = [];
	for (const entry of history) {
		const sentence = describe(entry);
		if (!sentence) continue;
		const last = changes.at(-1);
		const key = `e${entry.event_id}`;
		if (last?.key === key) {
			if (entry.type !== 'issue.created') last.sentences.push(sentence.parts);
			continue;
		}
		changes.push({
			kind: 'change',
			key,
			at: entry.created_at,
			actor: entry.actor,
			icon: sentence.icon,
			sentences: [sentence.parts]
		});
	}
	const remarks = comments.map((comment): Remark<C> => ({
		kind: 'comment',
		key: `c${comment.id}`,
		at: comment.created_at,
		comment
	}));
	// Stable: of two things in the same moment the change was first.
	return [...changes, ...remarks].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

interface Sentence {
	icon: Change['icon'];
	parts: Part[];
}

function describe(entry: HistoryEntry): Sentence | null {
	switch (entry.type) {
		case 'issue.created':
			return { icon: 'created', parts: say`opened this issue` };
		case 'issue.deleted':
			return { icon: 'removed', parts: say`moved this issue to the trash` };
		case 'issue.restored':
			return { icon: 'created', parts: say`took this issue out of the trash` };
		case 'comment.deleted':
			return { icon: 'removed', parts: say`deleted a comment` };
		case 'issue.updated':
			return describeField(entry);
		case 'attachment.created':
			return entry.field === 'name' ? { icon: 'edited', parts: say`attached ${quote(entry.new)}` } : null;
		case 'attachment.deleted':
			return entry.field === 'name' ? { icon: 'removed', parts: say`removed ${quote(entry.old)}` } : null;
		case 'attachment.updated':
			return describeFile(entry);
		// The comments themselves stand in the timeline, and say when they were edited.
		case 'comment.created':
		case 'comment.updated':
		default:
			return null;
	}
}

function describeFile({ field, new: now, attachment }: HistoryEntry): Sentence | null {
	const name = quote(attachment?.name);
	switch (field) {
		case 'keep':
			return now === true
				? { icon: 'edited', parts: say`keeps ${name} for good` }
				: { icon: 'edited', parts: say`lets ${name} expire` };
		case 'found':
			return { icon: 'removed', parts: say`found ${quote(now)} in ${name}: nobody can download it` };
		case 'removed_at':
			return { icon: 'removed', parts: say`removed ${name} because its time was over` };
		// That a file was found to be clean is what everybody expects; the file itself tells.
		default:
			return null;
	}
}

function describeField({ field, old, new: now, actor, people }: HistoryEntry): Sentence {
	switch (field) {
		case 'title':
			return { icon: 'edited', parts: say`changed the title from ${quote(old)} to ${quote(now)}` };
		case 'description':
			return { icon: 'edited', parts: say`edited the description` };
		case 'status':
			return describeStatus(old, now);
		case 'severity':
			return { icon: 'status', parts: say`changed the severity from ${severity(old)} to ${severity(now)}` };
		case 'tags':
			return { icon: 'tag', parts: describeTags(tags(old), tags(now)) };
		case 'assignee_id': {
			const named = (id: unknown) => people.find((person) => person.id === id) ?? null;
			return { icon: 'people', parts: describeAssignee(named(old), named(now), actor) };
		}
		case 'duplicate_of':
			if (typeof now === 'number') {
				return { icon: 'status', parts: say`marked this as a duplicate of ${{ kind: 'issue', id: now }}` };
			}
			return typeof old === 'number'
				? { icon: 'status', parts: say`no longer sees this as a duplicate of ${{ kind: 'issue', id: old }}` }
				: { icon: 'status', parts: say`changed what this is a duplicate of` };
		default:
			return { icon: 'edited', parts: say`changed ${text(field.replaceAll('_', ' '))}` };
	}
}

function describeStatus(old: unknown, now: unknown): Sentence {
	const isClosed = (value: unknown) => CLOSED_STATUSES.some((status) => status === value);
	if (isClosed(now) && !isClosed(old)) {
		return { icon: 'closed', parts: say`closed this as ${status(now)}` };
	}
	if (isClosed(old) && !isClosed(now)) {
		return { icon: 'status', parts: say`reopened this as ${status(now)}` };
	}
	return { icon: 'status', parts: say`changed the status from ${status(old)} to ${status(now)}` };
}

function describeTags(old: string[], now: string[]): Part[] {
	const added = now.filter((name) => !old.some((other) => sameTag(other, name)));
	const removed = old.filter((name) => !now.some((other) => sameTag(other, name)));
	const list = (names: string[]): Part[] => names.map((name) => ({ kind: 'tag', name }));
	if (added.length > 0 && removed.length > 0) {
		return [...say`added `, ...list(added), ...say` and removed `, ...list(removed)];
	}
	if (added.length > 0) return [...say`added `, ...list(added)];
	return removed.length > 0 ? [...say`removed `, ...list(removed)] : say`changed how the tags are written`;
}

function describeAssignee(old: Person | null, now: Person | null, actor: Person | null): Part[] {
	const asPart = (who: Person): Part => ({ kind: 'person', person: who });
	if (now && now.id === actor?.id) return say`took this on`;
	if (now && old) return say`passed this from ${asPart(old)} to ${asPart(now)}`;
	if (now) return say`assigned ${asPart(now)}`;
	if (old && old.id === actor?.id) return say`gave this back`;
	return old ? say`took ${asPart(old)} off this` : say`changed who works on this`;
}

function say(strings: TemplateStringsArray, ...parts: Part[]): Part[] {
	return strings.flatMap((words, index) => {
		const part = parts[index];
		return [...(words ? [text(words)] : []), ...(part ? [part] : [])];
	});
}

const text = (words: string): Part => ({ kind: 'text', text: words });
const quote = (value: unknown): Part => ({ kind: 'quote', text: typeof value === 'string' ? value : '…' });

function status(value: unknown): Part {
	const known = STATUSES.find((candidate) => candidate === value);
	return known ? { kind: 'status', status: known } : quote(value);
}

function severity(value: unknown): Part {
	const known = SEVERITIES.find((candidate) => candidate === value);
	return known ? { kind: 'severity', severity: known } : quote(value);
}

function tags(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : [];
}
