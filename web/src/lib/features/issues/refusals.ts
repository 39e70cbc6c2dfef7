import { explain, type Explanation } from '#lib/api/errors.ts';
import { notify } from '#lib/state/notices.svelte.ts';
import type { Mutation } from '#lib/sync/types.ts';

/** Answers to what was sent together come so close to each other. */
const TOGETHER = 400;
const MOST_NAMED = 8;

interface Refused extends Explanation {
	ids: number[];
}

/** Tells what the server refused, once for all issues that it refused for the same reason. */
export class Refusals {
	readonly #waiting = new Map<string, Refused>();
	readonly #tell: (title: string, hint: string) => void;

	constructor(tell: (title: string, hint: string) => void = (title, hint) => notify.failure(title, hint)) {
		this.#tell = tell;
	}

	readonly add = (mutation: Mutation, problem: unknown): void => {
		const explanation = explain(problem);
		const key = JSON.stringify(explanation);
		const refused = this.#waiting.get(key) ?? { ...explanation, ids: [] };
		if ('id' in mutation && mutation.id > 0 && !refused.ids.includes(mutation.id))
			refused.ids.push(mutation.id);
		if (this.#waiting.size === 0) setTimeout(() => this.#flush(), TOGETHER);
		this.#waiting.set(key, refused);
	};

	#flush(): void {
		for (const { title, hint, ids } of this.#waiting.values()) {
			this.#tell(
				ids.length > 0 ? `${listOf(ids)}: ${title.charAt(0).toLowerCase()}${title.slice(1)}` : title,
				hint
			);
		}
		this.#waiting.clear();
	}
}

/** `#1`, `#1 and #2`, `#1, #2 and 12 others`. */
function listOf(ids: readonly number[]): string {
	const names = ids.slice(0, ids.length > MOST_NAMED ? MOST_NAMED - 1 : MOST_NAMED).map((id) => `#${id}`);
	const others = ids.length - names.length;
	const last = others > 0 ? `${others} others` : names.pop();
	return names.length > 0 ? `${names.join(', ')} and ${last ?? ''}` : (last ?? '');
}
