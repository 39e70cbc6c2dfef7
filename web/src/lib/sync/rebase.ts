import type { Issue } from '#lib/api/types.ts';
import type { Entry, IssueChanges, Mutation } from './types.ts';

type Edit = Extract<Mutation, { kind: 'edit' }>;
type Field = keyof IssueChanges;

/** What people write, as against what they pick: here the last one must not silently win. */
const TEXTS: ReadonlySet<Field> = new Set<Field>(['title', 'description']);
/** Fields whose edit is made from the old value, so that it must know which one that was. */
const BUILT_ON_OLD: ReadonlySet<Field> = new Set<Field>([...TEXTS, 'tags']);

/** Whether the edit has to name the version that it was made on. */
export function needsVersion(changes: IssueChanges): boolean {
	return Object.keys(changes).some((field) => BUILT_ON_OLD.has(field as Field));
}

/**
 * An edit made on an older issue, as an edit of the newest. Null when both changed the same words differently.
 *
 * Texts are merged where each changed other lines, as people do who tick tasks of one list. Tags are merged as sets. Of two picks (status, assignee …) the later one stays, as it would without a
 * conflict: the history has both.
 */
export function rebase(edit: Edit, theirs: Issue): IssueChanges | null {
	const rebased: IssueChanges = { ...edit.changes };
	for (const field of Object.keys(edit.changes) as Field[]) {
		const mine = edit.changes[field];
		const before = edit.before?.[field];
		if (same(mine, theirs[field])) {
			// eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a field of a record, named by its type
			delete rebased[field];
		} else if (field === 'tags') {
			rebased.tags = mergedTags(edit.before?.tags ?? [], edit.changes.tags ?? [], theirs.tags);
		} else if (isText(field) && !same(before, theirs[field])) {
			const merged = mergedLines(edit.before?.[field], edit.changes[field], theirs[field]);
			if (merged === null) return null;
			rebased[field] = merged;
		}
	}
	return rebased;
}

function isText(field: Field): field is 'title' | 'description' {
	return TEXTS.has(field);
}

/** Both changes of a text whose lines stayed in their places, or null where that can't be told. */
function mergedLines(before = '', mine = '', theirs = ''): string | null {
	const [old, own, other] = [before.split('\n'), mine.split('\n'), theirs.split('\n')];
	if (own.length !== old.length || other.length !== old.length) return null;
	const merged = old.map((line, at) => {
		if (own[at] === line) return other[at];
		return other[at] === line || other[at] === own[at] ? own[at] : undefined;
	});
	return merged.includes(undefined) ? null : merged.join('\n');
}

function mergedTags(before: string[], mine: string[], theirs: string[]): string[] {
	const has = (tags: string[], tag: string) => tags.some((other) => same(fold(other), fold(tag)));
	const kept = theirs.filter((tag) => !has(before, tag) || has(mine, tag));
	return [...kept, ...mine.filter((tag) => !has(before, tag) && !has(kept, tag))];
}

function fold(tag: string): string {
	return tag.toLocaleLowerCase('en');
}

function same(a: unknown, b: unknown): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * After an own edit went through: later ones that were made on the same version stand on the new one,
 * unless somebody else's came in between.
 */
export function carriedOn(entry: Entry, done: Entry): Entry {
	const version = done.answer?.issue?.version;
	const follows =
		entry.version !== undefined && entry.version === done.version && version === entry.version + 1;
	return follows ? { ...entry, version } : entry;
}
