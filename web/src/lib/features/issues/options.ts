import {
	SEVERITIES,
	STATUSES,
	type IssueRow,
	type Person,
	type Severity,
	type Status
} from '#lib/api/types.ts';
import { SEVERITY_LABELS, STATUS_LABELS } from '#lib/components/domain/labels.ts';
import type { PickerOption } from '#lib/components/ui/picker.ts';

export const MAX_TAGS = 20;
export const MAX_TAG_LENGTH = 50;

export const STATUS_OPTIONS: PickerOption<Status>[] = STATUSES.map((value) => ({
	value,
	label: STATUS_LABELS[value]
}));

/** The worst first: that is what one looks for. */
export const SEVERITY_OPTIONS: PickerOption<Severity>[] = SEVERITIES.toReversed().map((value) => ({
	value,
	label: SEVERITY_LABELS[value]
}));

export function personOptions(people: readonly Person[]): PickerOption<number>[] {
	return people
		.map(({ id, full_name }) => ({ value: id, label: full_name }))
		.sort((a, b) => a.label.localeCompare(b.label));
}

export function tagOptions(tags: readonly { name: string; count: number }[]): PickerOption<string>[] {
	return tags.map(({ name, count }) => ({ value: name, label: name, note: count.toLocaleString() }));
}

/** What the typed text would be as a new tag; null when it can't be one or is one already. */
export function newTag(typed: string, existing: readonly string[]): string | null {
	const name = typed.trim();
	const taken = existing.some((tag) => sameTag(tag, name));
	return name && name.length <= MAX_TAG_LENGTH && !taken ? name : null;
}

/** Tags are compared without case. */
export function sameTag(a: string, b: string): boolean {
	return a.toLowerCase() === b.toLowerCase();
}

/** Everybody who appears in the issues, for filters: others would find nothing. */
export function peopleIn(issues: readonly IssueRow[], role: 'assignee' | 'reporter'): Person[] {
	const people = new Map<number, Person>();
	for (const { [role]: person } of issues) if (person) people.set(person.id, person);
	return [...people.values()];
}
