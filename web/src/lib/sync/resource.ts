import { createSubscriber } from 'svelte/reactivity';
import { Problem } from '#lib/api/errors.ts';

/** Changes come in bursts: one request for all of them. */
const SETTLING = 100;

/**
 * Something loaded on demand: when somebody first looks at it, and again when it may have changed, for as
 * long as somebody looks.
 *
 * Its fields are plain and announced through a subscriber: a `$state` made inside the effect that reads it
 * first would not wake that effect.
 */
export class Resource<T> {
	#data: T | undefined;
	#error: Problem | null = null;
	#isStale = true;
	#isWatched = false;
	#request: AbortController | null = null;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#announce: () => void = () => undefined;
	readonly #load: (signal: AbortSignal) => Promise<T>;
	readonly #subscribe = createSubscriber((update) => {
		this.#announce = update;
		this.#isWatched = true;
		if (this.#isStale) this.reload();
		return () => {
			this.#isWatched = false;
		};
	});

	constructor(load: (signal: AbortSignal) => Promise<T>) {
		this.#load = load;
	}

	get data(): T | undefined {
		this.#subscribe();
		return this.#data;
	}

	/** What is known, without looking at it: nothing is loaded or watched. */
	get current(): T | undefined {
		return this.#data;
	}

	get error(): Problem | null {
		this.#subscribe();
		return this.#error;
	}

	/** Whether there is nothing to show yet, and something is on its way. */
	get loading(): boolean {
		this.#subscribe();
		return this.#data === undefined && this.#error === null;
	}

	get isWatched(): boolean {
		return this.#isWatched;
	}

	/** Puts in what is known from elsewhere to be newer. */
	set(data: T): void {
		this.#data = data;
		this.#error = null;
		this.#announce();
	}

	/** It may not be so any more. */
	invalidate(): void {
		this.#isStale = true;
		if (this.#isWatched) this.#timer ??= setTimeout(() => this.reload(), SETTLING);
	}

	/** What could not be loaded for want of a line may be loaded now. */
	retry(): void {
		if (this.#error?.isTemporary) this.invalidate();
	}

	reload(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#request?.abort();
		const request = new AbortController();
		this.#request = request;
		this.#isStale = false;
		void this.#fetch(request.signal);
	}

	async #fetch(signal: AbortSignal): Promise<void> {
		try {
			const data = await this.#load(signal);
			if (signal.aborted) return;
			this.#data = data;
			this.#error = null;
		} catch (error) {
			if (signal.aborted) return;
			if (!(error instanceof Problem)) throw error;
			this.#error = error;
			// What one may not see any more must go; what can't be reached now may stay.
			if (!error.isTemporary) this.#data = undefined;
			else this.#isStale = true;
		}
		this.#announce();
	}
}
