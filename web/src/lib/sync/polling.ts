import { Backoff } from '#lib/utils/backoff.ts';
import type { Backend } from './backend.ts';
import { stateWithoutAnswer, type Transport, type TransportHooks } from './transport.ts';

const INTERVAL = 2_000;
const LONGEST_WAIT = 15_000;

/** Asks `GET /events` every two seconds, as long as somebody looks at the page. */
export class PollingTransport implements Transport {
	readonly #backend: Pick<Backend, 'events'>;
	readonly #hooks: TransportHooks;
	readonly #backoff = new Backoff(500, LONGEST_WAIT);
	#run: AbortController | null = null;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#asking = false;
	/** How often it was woken: while a request is under way, whose answer may just miss what is new. */
	#wakes = 0;

	constructor(backend: Pick<Backend, 'events'>, hooks: TransportHooks) {
		this.#backend = backend;
		this.#hooks = hooks;
	}

	start(): void {
		this.stop();
		this.#run = new AbortController();
		this.wake();
	}

	stop(): void {
		this.#run?.abort();
		this.#run = null;
		this.#asking = false;
		clearTimeout(this.#timer);
	}

	wake(): void {
		if (!this.#run) return;
		clearTimeout(this.#timer);
		this.#wakes += 1;
		if (!this.#asking) void this.#ask(this.#run);
	}

	async #ask(run: AbortController): Promise<void> {
		this.#asking = true;
		const wakes = this.#wakes;
		let wait = INTERVAL;
		try {
			const page = await this.#backend.events(this.#hooks.cursor(), run.signal);
			if (run.signal.aborted) return;
			this.#backoff.reset();
			this.#hooks.state('live');
			if (page.reset) {
				this.#hooks.reset();
				return;
			}
			this.#hooks.events(page.events, page.cursor);
			if (page.has_more || this.#wakes !== wakes) wait = 0;
		} catch {
			if (run.signal.aborted) return;
			this.#hooks.state(stateWithoutAnswer());
			wait = this.#backoff.next();
		}
		this.#asking = false;
		// Nobody looks: becoming visible wakes it.
		if (document.visibilityState === 'visible') this.#timer = setTimeout(() => this.wake(), wait);
	}
}
