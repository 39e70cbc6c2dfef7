import { QueryError, type Day, type Sort } from '#lib/query/ast.ts';
import { join, split, tidy, together, write, type Chip } from '#lib/query/chips.ts';
import { parse } from '#lib/query/parser.ts';

/** What is wrong, and where in the text that is not in chips; null when it is the chips that don't go together. */
export interface Trouble {
	message: string;
	position: number | null;
}

/** By ending a word, a query changes so little that there is nothing to go back to. */
export type ChangedBy = 'typing' | 'ending' | 'choosing';

interface Hands {
	today: () => Day;
	/**
	 * The query that is meant now; while somebody types, without the half of a field that they have, and with all that
	 * begins like the half of a word.
	 */
	onchange: (q: string, by: ChangedBy) => void;
	onsort: (sort: Sort) => void;
}

/**
 * A query while it is written: chips, and text that becomes chips as soon as it can. It speaks of what can be
 * read only; the rest is trouble, and changes nothing.
 */
export class Draft {
	chips = $state.raw<readonly Chip[]>([]);
	rest = $state('');
	trouble = $state.raw<Trouble | null>(null);
	readonly #hands: Hands;
	#said: string | null = null;
	/** The last word may go on: what begins like it is meant as well. */
	#isOpen = false;

	constructor(hands: Hands) {
		this.#hands = hands;
	}

	/** Follows the address, unless that only repeats what was said here. */
	follow(q: string): void {
		if (q === this.#said) return;
		this.#said = q;
		this.#isOpen = false;
		const { chips, rest } = split(q, this.#hands.today());
		this.chips = chips;
		this.rest = rest;
		this.#check();
	}

	/** Takes what was typed. Answers where the caret stands in what is left of it as text. */
	type(text: string, caret: number): number {
		const before = this.chips.length;
		const at = this.#take(text, caret);
		this.#check(at);
		this.#isOpen = at === this.rest.length && withBeginnings(this.rest) !== null;
		this.#say(withoutBegun(this.rest, at), this.chips.length === before ? 'typing' : 'choosing');
		return at;
	}

	/**
	 * Takes everything for finished, but for the last word where somebody only turns away from it: what they found stays.
	 * Answers whether it could be read.
	 */
	settle({ isDone }: { isDone: boolean }): boolean {
		if (isDone) this.#isOpen = false;
		this.#take(this.rest, undefined);
		this.rest = this.rest.trim();
		this.#check();
		this.#say(this.rest, 'choosing');
		return this.trouble === null;
	}

	/** Puts another chip in the place of one, or takes it away. */
	replace(index: number, chip: Chip | null): void {
		this.chips = chip ? this.chips.with(index, chip) : this.chips.toSpliced(index, 1);
		this.#check();
		this.#say(this.rest, 'choosing');
	}

	/** A chip for a field, in which nothing is chosen yet. */
	begin(field: string): number {
		const widens = ['status', 'severity', 'assignee', 'reporter'].includes(field);
		const at = this.chips.findIndex((chip) => widens && chip.field === field && !chip.isNot);
		if (at >= 0) return at;
		this.chips = [...this.chips, { field, isNot: false, values: [] }];
		return this.chips.length - 1;
	}

	/** Takes away chips in which nothing was chosen. */
	sweep(): void {
		if (this.chips.some(({ values }) => values.length === 0)) this.chips = chosen(this.chips);
	}

	/** Makes the last chip text again; answers where one goes on writing in it. */
	dissolve(): number {
		const last = this.chips.at(-1);
		if (!last) return 0;
		this.chips = this.chips.slice(0, -1);
		const text = write(last);
		this.rest = [text, this.rest].filter(Boolean).join(' ');
		return text.length;
	}

	clear(): void {
		this.chips = [];
		this.rest = '';
		this.#isOpen = false;
		this.#check();
		this.#say('', 'choosing');
	}

	#take(text: string, caret: number | undefined): number {
		const parts = split(text, this.#hands.today(), caret);
		if (parts.sort) this.#hands.onsort(parts.sort);
		if (parts.chips.length === 0 && parts.sort === null) {
			this.rest = text;
			return caret ?? text.length;
		}
		this.chips = together(chosen(this.chips), parts.chips);
		this.rest = parts.rest;
		const behind = caret === undefined ? 0 : text.slice(caret).trim().length;
		return Math.max(parts.rest.length - behind, 0);
	}

	/** While somebody is in the middle of a field, its value is not wrong but unfinished. */
	#check(caret?: number): void {
		const text = caret === undefined ? this.rest : withoutBegun(this.rest, caret);
		const query = join(chosen(this.chips), text, this.#hands.today());
		try {
			parse(query, this.#hands.today());
			this.trouble = null;
		} catch (error) {
			if (!(error instanceof QueryError)) throw error;
			const offset = query.length - text.trimEnd().length + (text.length - text.trimStart().length);
			const position = error.position - offset;
			this.trouble = { message: error.message, position: position < 0 ? null : position };
		}
	}

	#say(rest: string, by: ChangedBy): void {
		if (this.trouble) return;
		const today = this.#hands.today();
		const text = (this.#isOpen ? withBeginnings(rest) : null) ?? rest;
		const { q } = tidy(join(chosen(this.chips), text, today), today);
		if (q === this.#said) return;
		const isEnd = by === 'choosing' && this.#said === `${q}*`;
		this.#said = q;
		this.#hands.onchange(q, isEnd ? 'ending' : by);
	}
}

function chosen(chips: readonly Chip[]): Chip[] {
	return chips.filter(({ values }) => values.length > 0);
}

/** Fewer letters begin too many words. */
const WORD = /(?:^|[\s(])\p{L}[\p{L}\p{N}_-]{2,}$/u;

/** The text with all that begins like its last word; null where that is no word, or none that stands for itself. */
export function withBeginnings(text: string): string | null {
	const isInQuotes = text.split('"').length % 2 === 0;
	return WORD.test(text) && !isInQuotes && withoutBegun(text, text.length) === text ? `${text}*` : null;
}

const BEGUN =
	/(?:^|[\s(])(-?(?:(?:status|severity|assignee)\s+was|[a-z-]+):(?:"[^"]*|[^\s()])*|(?:OR|AND|NOT)\s*)$/iu;

/** The text without the field that somebody is in the middle of. */
function withoutBegun(text: string, caret: number): string {
	const begun = BEGUN.exec(text.slice(0, caret))?.[1];
	if (begun === undefined) return text;
	const end = /^[^\s()]*/u.exec(text.slice(caret))?.[0].length ?? 0;
	return text.slice(0, caret - begun.length) + text.slice(caret + end);
}
