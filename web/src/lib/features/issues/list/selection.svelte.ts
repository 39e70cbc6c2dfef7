import { SvelteSet } from 'svelte/reactivity';
import { stepFrom, type Line } from './arrange.ts';

/** Which line of a list is current and which issues are marked, by id, so that live changes move neither. */
export class Selection {
	readonly #lines: () => readonly Line[];
	readonly marked = new SvelteSet<number>();
	#active = $state<number | null>(null);
	/** Where the active issue stood last: if it leaves the list, its neighbour takes over. */
	#lastIndex = 0;
	/** Where marking a range with Shift began. */
	#anchor: number | null = null;

	constructor(lines: () => readonly Line[]) {
		this.#lines = lines;
	}

	get index(): number {
		if (this.#active === null) return -1;
		const lines = this.#lines();
		const at = lines.findIndex((line) => line.key === this.#active);
		return at >= 0 ? at : stepFrom(lines, Math.min(this.#lastIndex, lines.length - 1), 0);
	}

	/** The current issue's id; null while none is. */
	get active(): number | null {
		const line = this.#lines()[this.index];
		return line?.kind === 'issue' ? line.key : null;
	}

	set active(id: number | null) {
		this.#active = id;
		const at = this.#lines().findIndex((line) => line.key === id);
		if (at >= 0) this.#lastIndex = at;
	}

	/** The issues that a command is for: the marked ones, else the current one. */
	get targets(): number[] {
		const shown = this.#lines().flatMap((line) => (line.kind === 'issue' ? [line.key] : []));
		const marked = shown.filter((id) => this.marked.has(id));
		if (marked.length > 0) return marked;
		return this.active === null ? [] : [this.active];
	}

	/** Moves by `step` lines; with `extend` marks what it passes. Returns the line it is on then. */
	move(step: number, extend = false): number {
		const lines = this.#lines();
		const from = this.index;
		const to = from < 0 ? stepFrom(lines, 0, 0) : stepFrom(lines, from, step);
		const line = lines[to];
		if (line?.kind !== 'issue') return -1;
		if (extend) this.#extend(from < 0 ? to : from, to);
		else this.#anchor = null;
		this.active = line.key;
		return to;
	}

	toggle(id: number): void {
		if (!this.marked.delete(id)) this.marked.add(id);
		this.#anchor = null;
	}

	/** Marks everything between the current line and this one. */
	markTo(id: number): void {
		const to = this.#lines().findIndex((line) => line.key === id);
		this.#extend(this.index < 0 ? to : this.index, to);
		this.active = id;
	}

	markAll(): void {
		for (const line of this.#lines()) if (line.kind === 'issue') this.marked.add(line.key);
	}

	clear(): void {
		this.marked.clear();
		this.#anchor = null;
	}

	#extend(from: number, to: number): void {
		const lines = this.#lines();
		const anchor = this.#anchor ?? from;
		this.#anchor = anchor;
		// Going back takes off again what going forth had marked.
		for (const [low, high, on] of [
			[Math.min(anchor, from), Math.max(anchor, from), false],
			[Math.min(anchor, to), Math.max(anchor, to), true]
		] as const) {
			for (const line of lines.slice(low, high + 1)) {
				if (line.kind !== 'issue') continue;
				if (on) this.marked.add(line.key);
				else this.marked.delete(line.key);
			}
		}
	}
}
