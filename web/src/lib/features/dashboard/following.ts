/** A first change shows almost at once … */
const SOON = 250;
/** … and those of a busy time together. */
const APART = 1_000;
/** The server counts changes of one second together: what it answered before that may lack the last one. */
const SETTLED = 1_400;

/**
 * Refreshes when things change: soon after the first change, not more than once a second, and once more when
 * the last change is sure to be counted.
 */
export class Following {
	readonly #refresh: () => void;
	#soon: ReturnType<typeof setTimeout> | undefined;
	#settled: ReturnType<typeof setTimeout> | undefined;
	#last = -Infinity;

	constructor(refresh: () => void) {
		this.#refresh = refresh;
	}

	changed(): void {
		const wait = Math.max(SOON, this.#last + APART - Date.now());
		this.#soon ??= setTimeout(() => this.#run(), wait);
		clearTimeout(this.#settled);
		this.#settled = setTimeout(() => this.#run(), SETTLED);
	}

	stop(): void {
		clearTimeout(this.#soon);
		clearTimeout(this.#settled);
	}

	#run(): void {
		clearTimeout(this.#soon);
		this.#soon = undefined;
		this.#last = Date.now();
		this.#refresh();
	}
}
