import type { IssueRow } from './types.ts';

/** What `early.js` asked of the API while the app was under way; null where it had no reason to. */
interface Answers {
	grant?: Promise<Response>;
	/** The first of the list that the page opens with. */
	list?: Promise<{ items: IssueRow[] } | null>;
	snapshot?: Promise<Response | null>;
}

export interface Early extends Answers {
	/** Whom it took to be signed in. */
	readonly userId: number;
}

/** The answer, for the first who wants it. */
export function takeEarly<What extends keyof Answers>(what: What): Answers[What] {
	const { early } = window;
	const answer = early?.[what];
	if (early) Reflect.deleteProperty(early, what);
	return answer;
}
