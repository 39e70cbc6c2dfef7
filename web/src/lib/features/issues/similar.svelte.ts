import { api, ok } from '#lib/api/client.ts';
import { Problem } from '#lib/api/errors.ts';
import type { IssueRow } from '#lib/api/types.ts';
import { engine } from '#lib/sync/engine.svelte.ts';
import { similarTitles } from '#lib/sync/query.ts';

/** Fewer letters are like anything. */
const SHORTEST = 4;
const LONGEST = 1000;
const PAUSE = 250;

/**
 * Issues whose titles are like what is being written. What this browser knows is there at once; the server, which knows
 * older issues and forgives slips, has the last word when it can be reached.
 */
export class Similar {
	readonly #title: () => string;
	readonly #most: number;
	readonly #written = $derived.by(() => this.#title().trim().slice(0, LONGEST));
	#answer = $state.raw<{ title: string; issues: IssueRow[] } | null>(null);

	/** To be made where effects may be: in a component. */
	constructor(title: () => string, most: number) {
		this.#title = title;
		this.#most = most;
		$effect(() => {
			const written = this.#written;
			if (written.length < SHORTEST) {
				this.#answer = null;
				return;
			}
			const request = new AbortController();
			const timer = setTimeout(() => void this.#ask(written, request.signal), PAUSE);
			return () => {
				clearTimeout(timer);
				request.abort();
			};
		});
	}

	get issues(): readonly IssueRow[] {
		if (this.#written.length < SHORTEST) return [];
		return this.#answer?.issues ?? similarTitles(engine.issues.all, this.#written, this.#most);
	}

	/** Whether the issues are like all that is written by now: the last answer stays until the next one is there. */
	get isCurrent(): boolean {
		return this.#answer === null || this.#answer.title === this.#written;
	}

	async #ask(title: string, signal: AbortSignal): Promise<void> {
		try {
			const { items } = await ok(
				api.GET('/issues/similar', { params: { query: { title, limit: this.#most } }, signal })
			);
			if (!signal.aborted) this.#answer = { title, issues: items.map(({ issue }) => issue) };
		} catch (error) {
			if (signal.aborted) return;
			if (!(error instanceof Problem)) throw error;
			this.#answer = null;
		}
	}
}
