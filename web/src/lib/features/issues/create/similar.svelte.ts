import { api, ok } from '#lib/api/client.ts';
import { Problem } from '#lib/api/errors.ts';
import type { IssueRow } from '#lib/api/types.ts';
import { engine } from '#lib/sync/engine.svelte.ts';
import { similarTitles } from '#lib/sync/query.ts';

const MOST = 4;
/** Fewer letters are like anything. */
const SHORTEST = 4;
const LONGEST = 1000;
const PAUSE = 250;

/**
 * Issues like one that is being written. What this browser knows is there at once; the server, which knows older
 * issues and forgives slips, has the last word when it can be reached.
 */
export class Similar {
	readonly #title: () => string;
	readonly #written = $derived.by(() => this.#title().trim().slice(0, LONGEST));
	#answer = $state.raw<IssueRow[] | null>(null);

	/** To be made where effects may be: in a component. */
	constructor(title: () => string) {
		this.#title = title;
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
		return this.#answer ?? similarTitles(engine.issues.all, this.#written, MOST);
	}

	async #ask(title: string, signal: AbortSignal): Promise<void> {
		try {
			const { items } = await ok(
				api.GET('/issues/similar', { params: { query: { title, limit: MOST } }, signal })
			);
			if (!signal.aborted) this.#answer = items.map(({ issue }) => issue);
		} catch (error) {
			if (signal.aborted) return;
			if (!(error instanceof Problem)) throw error;
			this.#answer = null;
		}
	}
}
