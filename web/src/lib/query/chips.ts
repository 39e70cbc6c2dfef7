import { QueryError, type Day, type Sort } from './ast.ts';
import { read } from './parser.ts';
import { isSpace, SPACE, strip } from './space.ts';

export interface ChipValue {
	text: string;
	/** What is quoted has no other meaning than itself: `"me"` is somebody of that name. */
	isQuoted?: boolean;
}

/** A condition on one field that the query as a whole must meet: what is seen as a thing of its own. */
export interface Chip {
	/** As `status`, `created` or `assignee was`. */
	field: string;
	isNot: boolean;
	values: readonly ChipValue[];
}

/** A query in parts: what is simple enough for chips, and the text that is left. */
export interface Parts {
	chips: Chip[];
	rest: string;
	/** `sort:` is about the list and not about which issues it has. */
	sort: Sort | null;
}

const CHIP = new RegExp(
	`^(-|NOT[${SPACE}]+)?((?:status|severity|assignee)[${SPACE}]+was|[a-z-]+):(.*)$`,
	'isu'
);
const SORT = /^sort:(.*)$/isu;
const VALUES = new RegExp(`"((?:[^"]|"")*)(?:"|$)|[^${SPACE},]+`, 'g');
const NEEDS_QUOTES = new RegExp(`[${SPACE},()]|^"|^$`);
/** Fields that have one value at a time: naming them again widens the choice. */
const WIDENING = ['is', 'status', 'severity', 'assignee', 'reporter'];
/** Fields whose values are words of the language. */
const SPEAKING = [
	'is',
	'status',
	'severity',
	'has',
	'no',
	'created',
	'updated',
	'closed',
	'took',
	'as-of',
	'was'
];

/**
 * Takes a query apart. A term that `caret` touches is still being written and stays text.
 *
 * What can't be read is text as a whole.
 */
export function split(text: string, today: Day, caret?: number): Parts {
	const parts: Parts = { chips: [], rest: text, sort: null };
	const left: string[] = [];
	try {
		const { query, terms } = read(text, today);
		if (terms.length === 0) return parts;
		for (const { begin, end, node } of terms) {
			const term = text.slice(begin, end);
			const isTouched = caret !== undefined && begin <= caret && caret <= end;
			const chip = isTouched || isEverything(node, term) ? null : chipOf(term);
			if (chip) add(parts.chips, chip);
			else if (!isTouched && SORT.test(term)) parts.sort = query.sort;
			else left.push(term);
		}
	} catch (error) {
		if (!(error instanceof QueryError)) throw error;
		return parts;
	}
	if (parts.chips.length === 0 && parts.sort === null) return parts;
	// Whoever has typed a space after a word goes on with the next.
	const isAfterSpace = left.length > 0 && isSpace(text.at(-1) ?? '');
	return { ...parts, rest: left.join(' ') + (isAfterSpace ? ' ' : '') };
}

/** The query of which the chips and the rest are parts: all of them must be met. */
export function join(chips: readonly Chip[], rest: string, today: Day): string {
	const text = strip(rest);
	const hasAlternatives = chips.length > 0 && isAlternatives(text, today);
	return [...chips.map(write), ...(text ? [hasAlternatives ? `(${text})` : text] : [])].join(' ');
}

/** The one way of writing a query: equal texts are equal views. */
export function tidy(text: string, today: Day): { q: string; sort: Sort | null } {
	const { chips, rest, sort } = split(text, today);
	return { q: join(chips, rest, today), sort };
}

export function write({ field, isNot, values }: Chip): string {
	return `${isNot ? '-' : ''}${field}:${values.map(writeValue).join(',')}`;
}

/** A condition, as text. */
export function term(field: string, ...values: (string | number)[]): string {
	return write({ field, isNot: false, values: values.map((value) => ({ text: String(value) })) });
}

/** The query with this condition instead of what it says of the field. */
export function replaced(q: string, chip: Chip, today: Day): string {
	const { chips, rest } = split(q, today);
	const others = chips.filter(({ field, isNot }) => field !== chip.field || isNot);
	return join([...others, chip], rest, today);
}

/** What is named twice is one, where that widens the choice. */
export function together(chips: readonly Chip[], more: readonly Chip[]): Chip[] {
	const all = [...chips];
	for (const chip of more) add(all, chip);
	return all;
}

export function sameValue(a: ChipValue, b: ChipValue): boolean {
	return a.text.toLowerCase() === b.text.toLowerCase() && (a.isQuoted ?? false) === (b.isQuoted ?? false);
}

/** Whether the condition compares, as `>=high` does, instead of naming values. */
export function compares({ values }: Chip): boolean {
	return values.some(({ text }) => /^[<>]/u.test(text));
}

function isEverything(node: unknown, term: string): boolean {
	return node === null && !/^as-of:/iu.test(term);
}

function chipOf(term: string): Chip | null {
	const [, not, name = '', listed = ''] = CHIP.exec(term) ?? [];
	if (!name || /^(sort|NOT)$/iu.test(name)) return null;
	const field = name.toLowerCase().split(/\s+/u).join(' ');
	if (!FIELD_NAMES.has(field)) return null;
	const values = [...listed.matchAll(VALUES)].map(([whole, quoted]) => {
		if (quoted !== undefined) return { text: quoted.replaceAll('""', '"'), isQuoted: true };
		return { text: spoken(field, whole) };
	});
	return { field, isNot: not !== undefined, values };
}

const FIELD_NAMES = new Set([
	...SPEAKING,
	'tag',
	'assignee',
	'reporter',
	'status was',
	'severity was',
	'assignee was'
]);

function spoken(field: string, value: string): string {
	const lowered = value.toLowerCase();
	if (/^@?(me|none)$/u.test(lowered)) return lowered.endsWith('me') ? '@me' : 'none';
	return SPEAKING.includes(field) || field.endsWith(' was') ? lowered : value;
}

function add(chips: Chip[], chip: Chip): void {
	const at = chips.findIndex(
		(other) =>
			WIDENING.includes(chip.field) &&
			other.field === chip.field &&
			!other.isNot &&
			!chip.isNot &&
			!compares(other) &&
			!compares(chip)
	);
	const before = chips[at];
	if (!before) chips.push(chip);
	else {
		const more = chip.values.filter((value) => !before.values.some((other) => sameValue(value, other)));
		chips[at] = { ...before, values: [...before.values, ...more] };
	}
}

function writeValue({ text, isQuoted }: ChipValue): string {
	return isQuoted || NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function isAlternatives(text: string, today: Day): boolean {
	try {
		return read(text, today).terms.length === 0;
	} catch (error) {
		if (error instanceof QueryError) return false;
		throw error;
	}
}
