import { QueryError, type Day, type Node, type Query, type Sort } from './ast.ts';
import { readDayAfter } from './dates.ts';
import { READERS, readSort, readWas, widened } from './fields.ts';
import { Scanner, sticky } from './scanner.ts';
import { meantBy } from './slips.ts';
import { isSpace, SPACE } from './space.ts';

/**
 * Reads a query as the API does: `api/tracker/query/parser.py` has the grammar, and `api/tests/query/cases.json`
 * what both must agree on. Positions count the units of JavaScript's strings.
 */
export function parse(text: string, today: Day): Query {
	return read(text, today).query;
}

/** Also answers where the terms stand that the query as a whole is a conjunction of. */
export function read(text: string, today: Day): { query: Query; terms: Placed[] } {
	const plain = new Set<number>();
	for (;;) {
		try {
			const parser = new Parser(text, today, plain);
			return { query: parser.query(), terms: parser.terms };
		} catch (error) {
			if (!(error instanceof NeverClosed)) throw error;
			for (const position of error.positions) plain.add(position);
		}
	}
}

/** A term and its place; what modifies the query as a whole is no node. */
export interface Placed {
	begin: number;
	end: number;
	node: Node | null;
}

/** As long as the API takes. */
export const MAX_LENGTH = 500;
const MAX_TERMS = 32;
const MAX_DEPTH = 20;
const MAX_ID = 2 ** 63;

export const FIELDS: readonly string[] = [...Object.keys(READERS), 'was', 'as-of', 'sort'];
const OR = sticky(`or(?=[${SPACE}(]|$)`, 'i');
const AND = sticky(`AND(?=[${SPACE}(]|$)`);
const NOT = sticky(`NOT(?=[${SPACE}(]|$)`);
const NUMBER = sticky(`#([1-9][0-9]{0,18})(?=[${SPACE})]|$)`);
const FIELD = sticky('([A-Za-z][A-Za-z-]*):');
const MODIFIER = sticky('(sort|as-of):', 'i');
const WAS = sticky(`(status|severity|assignee)[${SPACE}]+was:`, 'i');
const WIDENING = sticky('(is|status|severity|assignee|reporter):(?![<>])', 'i');
const UTC_DAY = /^([0-9-]+)Z$/iu;
const PHRASE = sticky('"([^"]*)("|$)');
const ONLY_BRACKETS = /^[( \t\n]*$/;

/** The brackets at these positions open nothing: they are parts of words. */
class NeverClosed extends Error {
	readonly positions: readonly number[];

	constructor(positions: readonly number[]) {
		super();
		this.positions = positions;
	}
}

class Parser extends Scanner {
	/** The terms of the conjunction that the whole query is; none if it is something else. */
	terms: Placed[] = [];
	readonly #today: Day;
	/** Where brackets stand that are parts of words. */
	readonly #plain: ReadonlySet<number>;
	/** Where the last field or operator stands: what has any is more than a pasted text. */
	#structure = -1;
	#depth = 0;
	#count = 0;
	#sort: Sort | null = null;
	#asOf: Day | null = null;
	#asOfUtc = false;
	/** Where something stands that nobody knows of the past. */
	#presentOnly: number | null = null;

	constructor(text: string, today: Day, plain: ReadonlySet<number>) {
		super(text);
		this.#today = today;
		this.#plain = plain;
	}

	query(): Query {
		if (this.text.length > MAX_LENGTH) {
			throw new QueryError(MAX_LENGTH, `Expected at most ${MAX_LENGTH} characters.`);
		}
		const root = this.#alternatives();
		if (this.#asOf !== null && this.#presentOnly !== null) {
			throw new QueryError(
				this.#presentOnly,
				"Expected no updated:, closed: or took: beside as-of:, which can't tell."
			);
		}
		return { root, sort: this.#sort, as_of: this.#asOf, as_of_utc: this.#asOfUtc };
	}

	#alternatives(): Node | null {
		const found = [this.#conjunction()];
		for (let match = this.take(OR); match; match = this.take(OR)) {
			if (match[0] === 'OR') this.#structure = match.index;
			found.push(this.#conjunction());
		}
		// In brackets the terms are those of the group; outside of them, those of one of several alternatives.
		if (this.groups.length === 0 && found.length > 1) this.terms = [];
		const terms = found.filter((node) => node !== null);
		// An alternative that asks for nothing lets everything through.
		if (terms.length < found.length) return null;
		return terms.length === 1 ? (terms[0] ?? null) : { type: 'Any', terms };
	}

	#conjunction(): Node | null {
		const begin = this.at;
		const terms: Node[] = [];
		const places = new Map<string, number>();
		let isBegun = false;
		while (!this.isOver()) {
			const or = this.match(OR);
			const and = or ? null : this.match(AND);
			if (or) {
				const end = this.at + or[0].length;
				if (isBegun && this.goesOn(end)) break;
				if (or[0] === 'OR') this.#refuseOperator('OR', isBegun ? end : this.at);
			} else if (and) {
				const end = this.at + and[0].length;
				if (!(isBegun && this.goesOn(end))) this.#refuseOperator('AND', isBegun ? end : this.at);
				this.#structure = this.at;
				this.at = end;
				continue;
			}
			const from = this.at;
			if (this.#modifier()) {
				if (this.groups.length === 0) this.terms.push({ begin: from, end: this.at, node: null });
				continue;
			}
			const node = this.#gather(terms, places);
			if (this.groups.length === 0) this.terms.push({ begin: from, end: this.at, node });
			isBegun = true;
		}
		if (!isBegun && begin > 0 && this.text[begin - 1] !== '(') this.#refuseOperator('OR', begin);
		return terms.length === 0 ? null : terms.length === 1 ? (terms[0] ?? null) : { type: 'All', terms };
	}

	/** Takes a term to the others of a conjunction; `places` has those that another of their field widens. */
	#gather(terms: Node[], places: Map<string, number>): Node | null {
		const field = this.match(WIDENING)?.[1]?.toLowerCase();
		const term = this.#term();
		if (!term) return null;
		const place = field === undefined ? undefined : places.get(field);
		const before = place === undefined ? undefined : terms[place];
		if (place !== undefined && before) {
			terms[place] = widened(before, term);
		} else {
			if (field !== undefined) places.set(field, terms.length);
			terms.push(term);
		}
		return term;
	}

	#term(): Node | null {
		if (this.isMinus()) {
			this.at += 1;
			return this.#negated();
		}
		const not = this.take(NOT);
		if (not) {
			this.#structure = not.index;
			if (this.isOver()) this.#refuseOperator('NOT', this.at);
			return this.#negated();
		}
		if (this.peek() === '(' && !this.#plain.has(this.at) && !ONLY_BRACKETS.test(this.text.slice(this.at))) {
			return this.#group();
		}
		this.#count += 1;
		if (this.#count > MAX_TERMS) throw new QueryError(this.at, `Expected at most ${MAX_TERMS} terms.`);
		const number = this.take(NUMBER)?.[1];
		if (number !== undefined) return { type: 'Number', issue_id: Math.min(Number(number), MAX_ID) };
		const phrase = this.take(PHRASE)?.[1];
		if (phrase !== undefined) return { type: 'Words', text: phrase, is_phrase: true };
		return this.#field() ?? this.word();
	}

	#negated(): Node | null {
		this.#descend();
		this.#modifier(); // can't be negated, and says so
		const term = this.#term();
		this.#depth -= 1;
		return term && { type: 'Not', term };
	}

	#group(): Node | null {
		const opened = this.at;
		this.at += 1;
		this.groups.push(opened);
		this.#descend();
		const node = this.isOver() ? null : this.#alternatives();
		if (this.peek() !== ')') {
			if (this.#structure > (this.groups[0] ?? 0)) {
				throw new QueryError(opened, 'Expected a closing bracket for this one, or quotes around it.');
			}
			throw new NeverClosed(this.groups);
		}
		this.at += 1;
		this.groups.pop();
		this.#depth -= 1;
		return node;
	}

	#field(): Node | null {
		const begin = this.at;
		const was = this.take(WAS)?.[1];
		if (was !== undefined) {
			this.#structure = begin;
			return readWas(this.values(), was.toLowerCase());
		}
		const match = this.match(FIELD);
		if (!match) return null;
		const name = (match[1] ?? '').toLowerCase();
		const end = begin + match[0].length;
		if (!FIELDS.includes(name)) {
			this.#suggest(name, begin, end);
			return null;
		}
		this.#structure = begin;
		this.at = end;
		const values = this.values();
		if (name === 'was') return readWas(values, null);
		if (['updated', 'closed', 'took'].includes(name)) this.#presentOnly ??= begin;
		return READERS[name]?.(values, this.#today) ?? null;
	}

	/** Takes `sort:` or `as-of:`, which are about the query as a whole, if one stands here. */
	#modifier(): boolean {
		this.skipSpaces();
		const begin = this.at;
		const match = this.take(MODIFIER);
		if (!match) return false;
		this.#structure = begin;
		const name = (match[1] ?? '').toLowerCase();
		if (this.#depth > 0) {
			throw new QueryError(
				begin,
				`Expected ${name}: outside of brackets and not negated: it is for the whole query.`
			);
		}
		const [value, ...more] = this.values();
		const isAgain = (name === 'sort' ? this.#sort : this.#asOf) !== null;
		if (!value || more.length > 0 || isAgain) {
			throw new QueryError(begin, `Expected ${name}: only once, with one value.`);
		}
		if (name === 'sort') {
			this.#sort = readSort(value);
		} else {
			const text = value.text.replace(UTC_DAY, '$1');
			this.#asOf = readDayAfter(text, value.position, this.#today);
			this.#asOfUtc = text !== value.text;
		}
		return true;
	}

	/** Refuses what looks like a misspelt field; any other word with a colon may be meant as it is. */
	#suggest(name: string, begin: number, end: number): void {
		if (!this.goesOn(end) || isSpace(this.text[end] ?? '') || this.text.startsWith('//', end)) return;
		const meant = meantBy(name, FIELDS);
		if (meant === undefined) return;
		throw new QueryError(begin, `There is no field ${name}. Expected ${meant}:, or quotes around the word.`);
	}

	#refuseOperator(name: string, position: number): never {
		throw new QueryError(
			position,
			`Expected something to look for on both sides of ${name}, or quotes around it.`
		);
	}

	#descend(): void {
		this.#depth += 1;
		if (this.#depth > MAX_DEPTH) {
			throw new QueryError(
				this.at,
				`Expected at most ${MAX_DEPTH} brackets and negations inside each other.`
			);
		}
	}
}
