import { SEVERITIES } from '#lib/api/types.ts';
import { fold, matchOptions, type PickerOption } from '#lib/components/ui/picker.ts';
import { SORTS } from '#lib/query/ast.ts';
import { write } from '#lib/query/chips.ts';
import { isSpace } from '#lib/query/space.ts';
import { SORT_LABELS } from '../list/view.ts';
import { optionsOf, type Known } from './chip-fields.ts';

/** What could stand where somebody is writing. */
export interface Suggestion {
	/** As `status:open`. */
	text: string;
	/** The same with people's names instead of their numbers. */
	shown: string;
	/** What it is called by those who don't know the language. */
	note: string;
	/** More has to follow, as behind `status:`. */
	isBegun: boolean;
}

export interface Suggestions {
	/** What they would stand in place of. */
	from: number;
	to: number;
	/** What belongs there in any case: Enter takes the first, while a word can be meant as it is. */
	isNeeded: boolean;
	list: Suggestion[];
}

const MOST = 8;

const FIELDS: [name: string, note: string][] = [
	['is', 'open or closed'],
	['status', 'triaged, in progress, done …'],
	['severity', 'critical, or >=high'],
	['tag', 'with a tag'],
	['assignee', '@me, none or a name'],
	['reporter', '@me or a name'],
	['created', 'a day, last-7d or >=2026-01-01'],
	['updated', 'a day, last-7d or <-30d'],
	['closed', 'a day, last-7d or a range'],
	['has', 'comment, attachment, description …'],
	['no', 'assignee, tag, description …'],
	['was', 'done, or high: now or ever before'],
	['as-of', 'as it stood at the end of a day'],
	['took', '<1d, >=2w: from filing to closing'],
	['sort', 'the order of the list']
];

const NAME = '(?:status|severity|assignee)\\s+was|[a-z-]+';
/** A term up to where somebody is writing: what it denies, its field, earlier values, the value. */
const TERM = new RegExp(
	`(?:^|[\\s(])(?<term>(?<not>-?)(?:(?<field>${NAME}):(?<before>(?:(?:"(?:[^"]|"")*"|[^\\s,"()]+),)*)(?<sign>>=|<=|>|<|=)?)?(?<value>"[^"]*|[^\\s,"()]*))$`,
	'iu'
);

/** What to offer at a place in a text. */
export function suggest(text: string, caret: number, known: Known): Suggestions {
	const nothing = { from: caret, to: caret, isNeeded: false, list: [] };
	const groups = TERM.exec(text.slice(0, caret))?.groups;
	if (!groups) return nothing;
	const { term = '', not = '', field, before = '', sign = '', value = '' } = groups;
	let to = caret;
	while (to < text.length && !isSpace(text[to] ?? '') && text[to] !== ')') to += 1;
	const place = { from: caret - term.length, to };
	if (field === undefined) {
		return { ...place, isNeeded: false, list: words(value, not, text.trim() === '', known) };
	}
	const name = field.toLowerCase().split(/\s+/u).join(' ');
	const typed = value.replace(/^"/u, '');
	const options = name === 'sort' ? sortOptions : signed(optionsOf(name, known), name, sign);
	const list = matching(options, sign && name !== 'severity' ? sign + typed : typed)
		.slice(0, MOST)
		.map((option) => valued(`${not}${name}:${before}`, option));
	return { ...place, isNeeded: true, list };
}

/** The text with a suggestion in its place, and where one goes on writing. */
export function accept(
	text: string,
	{ from, to }: Pick<Suggestions, 'from' | 'to'>,
	suggestion: Suggestion
): { text: string; caret: number } {
	const rest = text.slice(to);
	const written = suggestion.isBegun || isSpace(rest[0] ?? '') ? suggestion.text : `${suggestion.text} `;
	return { text: text.slice(0, from) + written + rest, caret: from + written.length };
}

/** Fields that begin like this; and, of what issues have, what is called like this. */
function words(typed: string, not: string, isAlone: boolean, known: Known): Suggestion[] {
	const wanted = fold(typed);
	if (!wanted && !isAlone) return [];
	const fields = FIELDS.filter(([name]) => name.startsWith(wanted)).map(([name, note]) => ({
		text: `${not}${name}:`,
		shown: `${not}${name}:`,
		note,
		isBegun: true
	}));
	if (wanted.length < 2) return wanted ? fields.slice(0, MOST) : fields;
	const values = ['status', 'severity', 'assignee', 'tag'].flatMap((field) =>
		optionsOf(field, known)
			.filter(({ label }) => fold(label).startsWith(wanted))
			.map((option) => valued(`${not}${field}:`, option))
	);
	return [...fields, ...values].slice(0, MOST);
}

const sortOptions: PickerOption<string>[] = SORTS.map((sort) => ({
	value: sort,
	label: SORT_LABELS[sort],
	keywords: sort
}));

/** Severities can be compared: `>=` offers each of them behind it. */
function signed(
	options: readonly PickerOption<string>[],
	field: string,
	sign: string
): readonly PickerOption<string>[] {
	if (field !== 'severity') return options;
	if (sign) return SEVERITIES.map((severity) => ({ value: sign + severity, label: severity }));
	return [...options, { value: '>=high', label: 'High or worse' }];
}

function matching(options: readonly PickerOption<string>[], typed: string): PickerOption<string>[] {
	const wanted = fold(typed);
	const exact = options.filter(({ value }) => fold(value) === wanted);
	const byValue = options.filter(
		(option) => fold(option.value).startsWith(wanted) && !exact.includes(option)
	);
	const others = matchOptions(options, typed).filter(
		(option) => !exact.includes(option) && !byValue.includes(option)
	);
	return wanted ? [...exact, ...byValue, ...others] : [...options];
}

function valued(begin: string, { value, label }: PickerOption<string>): Suggestion {
	const isPerson = /^[0-9]+$/u.test(value) && value !== label;
	return {
		text: begin + valueText(value),
		shown: isPerson ? `${begin} ${label}` : begin + valueText(value),
		note: isPerson ? '' : label,
		isBegun: false
	};
}

function valueText(text: string): string {
	return write({ field: '', isNot: false, values: [{ text }] }).slice(1);
}
