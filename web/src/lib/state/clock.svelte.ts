import { createSubscriber } from 'svelte/reactivity';

const TICK = 30_000;

/** The time of day for "5 minutes ago"; ticks only while somebody looks. */
class Clock {
	readonly #subscribe = createSubscriber((update) => {
		const timer = setInterval(update, TICK);
		return () => clearInterval(timer);
	});

	get now(): Date {
		this.#subscribe();
		return new Date();
	}
}

export const clock = new Clock();
