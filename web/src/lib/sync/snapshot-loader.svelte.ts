import { Problem } from '#lib/api/errors.ts';
import type { IssueRow } from '#lib/api/types.ts';
import { Backoff } from '#lib/utils/backoff.ts';
import type { Backend } from './backend.ts';

/** The least time between two snapshots, in milliseconds. */
const BREATH = 5_000;

/** Gets a snapshot, however often it has to try, and tells how far it is. */
export class SnapshotLoader {
	progress = $state.raw<{ loaded: number; total: number } | null>(null);
	/** Why there is none yet. */
	error = $state.raw<Problem | null>(null);
	/** Whether the server is being asked just now; else it waits to ask again. */
	isAsking = $state(false);

	readonly #backend: Pick<Backend, 'snapshot'>;
	#retry: () => void = () => undefined;
	#loadedAt = 0;

	constructor(backend: Pick<Backend, 'snapshot'>) {
		this.#backend = backend;
	}

	/**
	 * Answers null when it is not wanted any more.
	 *
	 * `onFirst` gets the first portion, with the newest rows: something to look at while the others are under way.
	 */
	async load(
		signal: AbortSignal,
		onFirst: (rows: readonly IssueRow[]) => void,
		onError: () => void
	): Promise<{ cursor: string; rows: IssueRow[] } | null> {
		const backoff = new Backoff(500, 15_000);
		const isUnwanted = () => signal.aborted;
		// A server that takes no cursor, not even a new one, must not be asked for everything without a pause.
		if (Date.now() - this.#loadedAt < BREATH) await this.#pause(BREATH * (0.5 + Math.random() / 2));
		while (!isUnwanted()) {
			this.isAsking = true;
			try {
				const snapshot = await this.#download(signal, onFirst);
				if (isUnwanted()) break;
				this.#loadedAt = Date.now();
				this.reset();
				return snapshot;
			} catch (error) {
				if (isUnwanted()) break;
				this.isAsking = false;
				if (!(error instanceof Problem)) throw error;
				this.error = error;
				onError();
				// Not signed in any more: time doesn't help, signing in does.
				await this.#pause(error.status === 401 ? null : Math.max(error.retryAfter ?? 0, backoff.next()));
			}
		}
		return null;
	}

	/** Tries now, if it is waiting to try. */
	retry(): void {
		this.#retry();
	}

	reset(): void {
		this.progress = null;
		this.error = null;
		this.isAsking = false;
	}

	async #download(signal: AbortSignal, onFirst: (rows: readonly IssueRow[]) => void) {
		const { cursor, total, portions } = await this.#backend.snapshot(signal);
		const rows: IssueRow[] = [];
		for await (const portion of portions) {
			if (signal.aborted) break;
			if (rows.length === 0) onFirst(portion);
			rows.push(...portion);
			this.progress = { loaded: rows.length, total };
		}
		return { cursor, rows };
	}

	async #pause(milliseconds: number | null): Promise<void> {
		let timer: ReturnType<typeof setTimeout> | undefined;
		await new Promise<void>((resolve) => {
			this.#retry = resolve;
			if (milliseconds !== null) timer = setTimeout(resolve, milliseconds);
		});
		clearTimeout(timer);
	}
}
