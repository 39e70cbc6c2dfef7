import { SEVERITIES, type IssueRow, type Person } from '#lib/api/types.ts';
import { SEVERITY_LABELS, STATUS_LABELS } from '#lib/components/domain/labels.ts';
import { fold, type PickerOption } from '#lib/components/ui/picker.ts';
import { PARTS, QueryError, type Day } from '#lib/query/ast.ts';
import { compares, sameValue, write, type Chip, type ChipValue } from '#lib/query/chips.ts';
import { parse } from '#lib/query/parser.ts';
import { tagCounts } from '#lib/sync/query.ts';
import { peopleIn, personOptions, SEVERITY_OPTIONS, STATUS_OPTIONS, tagOptions } from '../options.ts';

/** What one can filter by without knowing the language. */
export const OFFERED_FIELDS = [
	'status',
	'severity',
	'tag',
	'assignee',
	'reporter',
	'created',
	'updated',
	'closed',
	'has',
	'no'
] as const;

const LABELS: Record<string, string> = {
	is: 'Is',
	status: 'Status',
	severity: 'Severity',
	tag: 'Tag',
	assignee: 'Assignee',
	reporter: 'Reporter',
	has: 'Has',
	no: 'Has no',
	created: 'Created',
	updated: 'Updated',
	closed: 'Closed',
	took: 'Took',
	was: 'Was',
	'status was': 'Status was',
	'severity was': 'Severity was',
	'assignee was': 'Assignee was',
	'as-of': 'As of'
};

export function labelOf({ field, isNot = false }: { field: string; isNot?: boolean }): string {
	const label = LABELS[field] ?? field;
	if (!isNot) return label;
	return field === 'is' ? 'Is not' : `Not ${label.toLowerCase()}`;
}

const DATED = ['created', 'updated', 'closed'];
const PERIODS: [value: string, label: string][] = [
	['today', 'Today'],
	['yesterday', 'Yesterday'],
	['last-7d', 'Last 7 days'],
	['last-30d', 'Last 30 days'],
	['last-90d', 'Last 90 days'],
	['<-30d', 'More than 30 days ago']
];
const PAST: [value: string, label: string][] = [
	['yesterday', 'Yesterday'],
	['-1w', 'A week ago'],
	['-1m', 'A month ago'],
	['-1y', 'A year ago']
];
const DURATIONS: [value: string, label: string][] = [
	['<1d', 'Less than a day'],
	['<1w', 'Less than a week'],
	['>=1w', 'A week or more'],
	['>=4w', '4 weeks or more']
];
const STATES: [value: string, label: string][] = [
	['open', 'Open'],
	['closed', 'Closed']
];

export interface Known {
	/** The issues at hand. */
	issues: readonly IssueRow[];
	/** The staff, as far as it is known. */
	staff: readonly Person[];
}

/** What a field can be asked for, as values of the language. */
export function optionsOf(field: string, { issues, staff }: Known): PickerOption<string>[] {
	switch (field) {
		case 'is':
			return listed(STATES);
		case 'status':
		case 'status was':
			return STATUS_OPTIONS;
		case 'severity':
		case 'severity was':
			return SEVERITY_OPTIONS;
		case 'was':
			return [...STATUS_OPTIONS, ...SEVERITY_OPTIONS];
		case 'tag':
			return tagOptions(tagCounts(issues));
		case 'assignee':
		case 'assignee was':
			return [
				{ value: '@me', label: 'Me' },
				{ value: 'none', label: 'Nobody', keywords: 'none unassigned' },
				...people([...peopleIn(issues, 'assignee'), ...staff])
			];
		case 'reporter':
			return [{ value: '@me', label: 'Me' }, ...people(peopleIn(issues, 'reporter'))];
		case 'has':
		case 'no':
			return PARTS.map((part) => ({ value: part, label: part }));
		case 'took':
			return listed(DURATIONS);
		case 'as-of':
			return listed(PAST);
		default:
			return DATED.includes(field) ? listed(PERIODS) : [];
	}
}

/** Whether several values make sense: an issue is created on one day, but may have any of some tags. */
export function takesSeveral(field: string): boolean {
	return !DATED.includes(field) && !['is', 'was', 'took', 'as-of'].includes(field);
}

/** What was typed, if the field can be asked for it. */
export function valueTyped(field: string, typed: string, today: Day): string | null {
	const text = typed.trim();
	if (!text || takesSeveral(field) || field === 'is') return null;
	try {
		parse(write({ field, isNot: false, values: [{ text }] }), today);
		return text;
	} catch (error) {
		if (error instanceof QueryError) return null;
		throw error;
	}
}

/** The values of a chip, one by one, also when it compares. */
export function chosenIn(chip: Chip): string[] {
	if (chip.field === 'severity' && compares(chip)) {
		const root = parse(write({ ...chip, isNot: false }), '2000-01-01').root;
		return root?.type === 'InSeverity' ? root.values : [];
	}
	return chip.values.map(({ text }) => text);
}

export function toggled(chip: Chip, value: string): Chip {
	const picked: ChipValue = { text: value };
	if (!takesSeveral(chip.field)) return { ...chip, values: [picked] };
	const values: readonly ChipValue[] = compares(chip)
		? chosenIn(chip).map((text) => ({ text }))
		: chip.values;
	const others = values.filter((other) => !sameValue({ ...other, isQuoted: false }, picked));
	return { ...chip, values: others.length < values.length ? others : [...values, picked] };
}

/** The values in words: up to three by name, more by number. */
export function wordsOf(chip: Chip, options: readonly PickerOption<string>[]): string {
	const { field, values } = chip;
	if (values.length > 3) return `${values.length} chosen`;
	return values.map(({ text }) => inWords(field, text, options)).join(', ');
}

function inWords(field: string, text: string, options: readonly PickerOption<string>[]): string {
	const option = options.find(({ value }) => fold(value) === fold(text));
	if (option) return option.label;
	if (/^(assignee|reporter)/u.test(field) && /^[0-9]+$/u.test(text)) return `Person ${text}`;
	const [, comparison, value = ''] = /^(>=|<=|>|<|=)(.*)$/su.exec(text) ?? [];
	if (comparison === undefined) {
		const [, count, unit] = /^last-([0-9]+)([dwmy])$/u.exec(text) ?? [];
		if (count !== undefined) return `last ${count} ${unitName(unit, count)}`;
		return text
			.replace('..', ' – ')
			.replace(/^\*/u, '…')
			.replace(/\*$/u, '…')
			.replace(/(?<=[0-9])z$/u, ' (UTC)');
	}
	const sign = { '>=': '≥', '<=': '≤' }[comparison] ?? comparison;
	const severity = SEVERITIES.find((each) => each === value);
	const [, ago, unit] = /^-([0-9]+)([dwmy])$/u.exec(value) ?? [];
	const named = ago === undefined ? value : `${ago} ${unitName(unit, ago)} ago`;
	return `${sign} ${severity ? SEVERITY_LABELS[severity] : named}`;
}

function unitName(unit = '', count: string): string {
	const name = { d: 'day', w: 'week', m: 'month', y: 'year' }[unit] ?? '';
	return count === '1' ? name : `${name}s`;
}

/** A name for the list: of the query when it is a common one, else of what it is. */
export function titleOf(q: string): string {
	const common = new Map([
		['', 'All issues'],
		['is:open', 'Open issues'],
		['is:closed', 'Closed issues'],
		['is:open assignee:@me', 'My issues'],
		['is:open reporter:@me', 'My issues'],
		...STATUS_OPTIONS.map(({ value }) => [`status:${value}`, STATUS_LABELS[value]] as const),
		...SEVERITIES.map((value) => [`severity:${value}`, `${SEVERITY_LABELS[value]} severity`] as const)
	]);
	return common.get(q) ?? (q.includes(':') ? 'Filtered issues' : 'Search');
}

function listed(options: readonly [value: string, label: string][]): PickerOption<string>[] {
	return options.map(([value, label]) => ({ value, label, keywords: value }));
}

function people(list: readonly Person[]): PickerOption<string>[] {
	const unique = new Map(list.map((person) => [person.id, person]));
	return personOptions([...unique.values()]).map((option) => ({ ...option, value: String(option.value) }));
}
