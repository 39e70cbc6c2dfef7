import type { IssueRow, Person, Severity, Status } from '#lib/api/types.ts';
import { SEVERITY_LABELS, STATUS_LABELS } from '#lib/components/domain/labels.ts';
import type { PickerOption } from '#lib/components/ui/picker.ts';
import { tagCounts, type IssueFilter } from '#lib/sync/query.ts';
import { peopleIn, personOptions, SEVERITY_OPTIONS, STATUS_OPTIONS, tagOptions } from '../options.ts';

export const FILTER_FIELDS = ['status', 'severity', 'tag', 'assignee', 'reporter'] as const;
export type FilterField = (typeof FILTER_FIELDS)[number];
export type FilterValue = string | number;

export const FILTER_LABELS: Record<FilterField, string> = {
	status: 'Status',
	severity: 'Severity',
	tag: 'Tag',
	assignee: 'Assignee',
	reporter: 'Reporter'
};

/** What a field can be filtered by, among the issues at hand. */
export function filterOptions(
	field: FilterField,
	issues: readonly IssueRow[],
	filter: IssueFilter
): PickerOption<FilterValue>[] {
	switch (field) {
		case 'status':
			return STATUS_OPTIONS;
		case 'severity':
			return SEVERITY_OPTIONS;
		case 'tag':
			return tagOptions(tagCounts(issues));
		case 'assignee':
			return [
				{ value: 'me', label: 'Me' },
				{ value: 'none', label: 'Nobody', keywords: 'none unassigned' },
				...knownPeople(peopleIn(issues, 'assignee'), filter.assignee)
			];
		case 'reporter':
			return [{ value: 'me', label: 'Me' }, ...knownPeople(peopleIn(issues, 'reporter'), filter.reporter)];
	}
}

/** People with issues, and whoever the address names without having any. */
function knownPeople(people: Person[], wanted: readonly FilterValue[] = []): PickerOption<FilterValue>[] {
	const strangers = wanted.filter(
		(value): value is number => typeof value === 'number' && !people.some(({ id }) => id === value)
	);
	return personOptions([...people, ...strangers.map((id) => ({ id, full_name: `Person ${id}` }))]);
}

/** Turns one value of a field on or off; a field with no value left is not filtered by. */
export function toggleFilter(filter: IssueFilter, field: FilterField, value: FilterValue): IssueFilter {
	const chosen: readonly FilterValue[] = filter[field] ?? [];
	const next = chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value];
	const { [field]: _, ...others } = filter;
	return next.length > 0 ? { ...others, [field]: next } : others;
}

export function withoutField(filter: IssueFilter, field: FilterField): IssueFilter {
	const { [field]: _, ...others } = filter;
	return others;
}

/** The chosen values in words: up to two by name, more by number. Tags must all be there, the rest any. */
export function describeFilter(
	filter: IssueFilter,
	field: FilterField,
	options: readonly PickerOption<FilterValue>[]
): string {
	const chosen: readonly FilterValue[] = filter[field] ?? [];
	const labels = chosen.map(
		(value) => options.find((option) => option.value === value)?.label ?? String(value)
	);
	return labels.length > 3 ? `${labels.length} chosen` : labels.join(field === 'tag' ? ' + ' : ', ');
}

/** A name for the list: of the view when it is a common one, else of what it is. */
export function titleOf(filter: IssueFilter): string {
	const { text, ...fields } = filter;
	const names = Object.keys(fields);
	if (text) return 'Search';
	if (names.length === 0) return 'All issues';
	const [status, ...others] = filter.status ?? [];
	if (names.length === 1 && status && others.length === 0) return STATUS_LABELS[status];
	const isActive = filter.status?.join() === (['open', 'triaged', 'in_progress'] satisfies Status[]).join();
	const isMine = filter.assignee?.join() === 'me' || filter.reporter?.join() === 'me';
	if (names.length === 2 && isActive && isMine) return 'My issues';
	const [severity, ...more] = filter.severity ?? [];
	if (names.length === 1 && severity && more.length === 0) {
		return `${SEVERITY_LABELS[severity satisfies Severity]} severity`;
	}
	return 'Filtered issues';
}
