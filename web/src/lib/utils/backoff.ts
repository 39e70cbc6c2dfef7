/**
 * Waiting times that double, each drawn between zero and the bound: after an outage, many clients come
 * back spread out instead of all at once.
 */
export class Backoff {
	#attempts = 0;
	readonly #first: number;
	readonly #most: number;

	constructor(first: number, most: number) {
		this.#first = first;
		this.#most = most;
	}

	/** How many waits since the last success. */
	get attempts(): number {
		return this.#attempts;
	}

	next(): number {
		const bound = Math.min(this.#most, this.#first * 2 ** this.#attempts);
		this.#attempts += 1;
		return Math.random() * bound;
	}

	reset(): void {
		this.#attempts = 0;
	}
}
