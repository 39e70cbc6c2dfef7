import type { TrackerEvent } from '#lib/api/types.ts';
import type { Answer, Entry } from './types.ts';

/** What reaches those who keep more about issues than the rows. */
export interface Observer {
	/** These issues changed; `null` is any of them. */
	changed?(ids: ReadonlySet<number> | null, events: readonly TrackerEvent[]): void;
	answered?(entry: Entry, answer: Answer): void;
	/** The server can be reached again. */
	reconnected?(): void;
}

/** All of them, told at once. */
export class Observers implements Required<Observer> {
	readonly #all = new Set<Observer>();

	add(observer: Observer): () => void {
		this.#all.add(observer);
		return () => void this.#all.delete(observer);
	}

	changed(ids: ReadonlySet<number> | null, events: readonly TrackerEvent[]): void {
		for (const observer of this.#all) observer.changed?.(ids, events);
	}

	answered(entry: Entry, answer: Answer): void {
		for (const observer of this.#all) observer.answered?.(entry, answer);
	}

	reconnected(): void {
		for (const observer of this.#all) observer.reconnected?.();
	}
}
