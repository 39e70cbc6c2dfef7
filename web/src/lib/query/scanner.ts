import { QueryError, type Node } from './ast.ts';
import type { Value } from './fields.ts';
import { isSpace, SPACE } from './space.ts';

/** A pattern for what stands at one place. */
export const sticky = (pattern: string, flags = '') => new RegExp(pattern, `y${flags}`);

const SPACES = sticky(`[${SPACE}]*`);
const QUOTED_VALUE = sticky('"((?:[^"]|"")*)("|$)');
const VALUE = sticky(`[^${SPACE},]+`);
const VALUE_IN_GROUP = sticky(`[^${SPACE},)]+`);

/** A place in the text of a query, and what stands there. */
export class Scanner {
	protected readonly text: string;
	protected at = 0;
	/** Where the brackets stand that are still open. */
	protected readonly groups: number[] = [];

	constructor(text: string) {
		this.text = text;
	}

	protected values(): Value[] {
		const values = [this.value()];
		while (this.peek() === ',') {
			this.at += 1;
			values.push(this.value());
		}
		const following = this.peek();
		if (following && !isSpace(following) && !(following === ')' && this.groups.length > 0)) {
			throw new QueryError(this.at, 'Expected a space or a comma after the closing quote.');
		}
		return values;
	}

	private value(): Value {
		const begin = this.at;
		const quoted = this.match(QUOTED_VALUE);
		if (quoted) {
			this.at += quoted[0].length;
			return { text: (quoted[1] ?? '').replaceAll('""', '"'), position: begin + 1, isQuoted: true };
		}
		const match = this.match(this.groups.length > 0 ? VALUE_IN_GROUP : VALUE);
		if (!match) throw new QueryError(begin, 'Expected a value here.');
		this.at += match[0].length;
		return { text: match[0], position: begin, isQuoted: false };
	}

	/** Up to the next space; in brackets, up to the bracket that closes them. */
	protected word(): Node {
		const begin = this.at;
		let opened = 0;
		for (let char = this.peek(); char && !isSpace(char); char = this.peek()) {
			if (this.groups.length > 0 && char === ')' && opened === 0 && this.at > begin) break;
			if (char === '(') opened += 1;
			else if (char === ')' && opened > 0) opened -= 1;
			this.at += 1;
		}
		return { type: 'Words', text: this.text.slice(begin, this.at), is_phrase: false };
	}

	protected isMinus(): boolean {
		const following = this.text[this.at + 1] ?? '';
		const closes = following === ')' && this.groups.length > 0;
		return this.peek() === '-' && following !== '' && following !== '-' && !isSpace(following) && !closes;
	}

	/** What stands here, without taking it. */
	protected match(pattern: RegExp): RegExpExecArray | null {
		pattern.lastIndex = this.at;
		return pattern.exec(this.text);
	}

	protected take(pattern: RegExp): RegExpExecArray | null {
		this.skipSpaces();
		const match = this.match(pattern);
		if (match) this.at += match[0].length;
		return match;
	}

	/** Whether there is nothing more, here or in these brackets. */
	protected isOver(): boolean {
		this.skipSpaces();
		return !this.goesOn(this.at);
	}

	protected goesOn(position: number): boolean {
		SPACES.lastIndex = position;
		const next = this.text[position + (SPACES.exec(this.text)?.[0].length ?? 0)] ?? '';
		return next !== '' && !(this.groups.length > 0 && next === ')');
	}

	protected skipSpaces(): void {
		this.at += this.match(SPACES)?.[0].length ?? 0;
	}

	protected peek(): string {
		return this.text[this.at] ?? '';
	}
}
