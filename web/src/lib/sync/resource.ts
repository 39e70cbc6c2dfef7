import { createSubscriber } from 'svelte/reactivity';
import { Problem } from '#lib/api/errors.ts';
import { Backoff } from '#lib/utils/backoff.ts';

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
	readonly #backoff = new Backoff(1_000, 30_000);
	#announce: () => void = () => undefined;
	readonly #load: (signal: AbortSignal) => Promise<T>;
	readonly #subscribe = createSubscriber((update) => {
		this.#announce = update;
		this.#isWatched = true;
		if (this.#isStale) this.#ask();
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

	/** Whether the server is being asked just now. */
	get isAsking(): boolean {
		this.#subscribe();
		return this.#request !== null;
	}

	get isWatched(): boolean {
		return this.#isWatched;
	}

	/** Puts in what is known from elsewhere to be newer. */
	set(data: T): void {
		this.#data = data;
		this.#error = null;
		// What is under way may have been read before that.
		if (this.#request) this.#ask();
		this.#announce();
	}

	/** It may not be so any more. */
	invalidate(): void {
		this.#isStale = true;
		if (this.#isWatched) this.#timer ??= setTimeout(() => this.#settle(), SETTLING);
	}

	/** It is known to be no more: nobody has to be asked. */
	end(problem: Problem): void {
		this.#stop();
		this.#data = undefined;
		this.#error = problem;
		this.#isStale = false;
		this.#announce();
	}

	/** What could not be loaded may be loaded now: the line is back, or the session. */
	retry(): void {
		if (!this.#isStale) return;
		this.#stop();
		this.invalidate();
	}

	reload(): void {
		this.#ask();
		this.#announce();
	}

	#ask(): void {
		this.#stop();
		const request = new AbortController();
		this.#request = request;
		this.#isStale = false;
		void this.#fetch(request.signal);
	}

	#settle(): void {
		this.#timer = undefined;
		// Whoever looked may have gone meanwhile; it is loaded when somebody looks again.
		if (this.#isWatched) this.reload();
	}

	#stop(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#request?.abort();
		this.#request = null;
	}

	async #fetch(signal: AbortSignal): Promise<void> {
		try {
			const data = await this.#load(signal);
			if (signal.aborted) return;
			this.#data = data;
			this.#error = null;
			this.#backoff.reset();
		} catch (error) {
			if (signal.aborted) return;
			if (!(error instanceof Problem)) throw error;
			this.#error = error;
			// What one may not see any more must go; what can't be reached now may stay.
			if (error.isTemporary || error.status === 401) this.#isStale = true;
			else this.#data = undefined;
			if (error.isTemporary) {
				const wait = Math.max(error.retryAfter ?? 0, this.#backoff.next());
				this.#timer = setTimeout(() => this.#settle(), wait);
			}
		}
		this.#request = null;
		this.#announce();
	}
}
