import type { Issue } from './types.ts';

export interface FieldError {
	field: string;
	message: string;
}

/** The RFC 9457 document with which the API refuses, as far as the app reads it. */
export interface ProblemDocument {
	title: string;
	status: number;
	detail: string;
	errors?: FieldError[] | null;
	request_id?: string;
	/** With 412: the issue as it is now. */
	issue?: Issue | null;
}

/** A request that did not do what it should, for whatever reason. */
export class Problem extends Error {
	/** The HTTP status; 0 when no answer came at all. */
	readonly status: number;
	readonly title: string;
	readonly errors: readonly FieldError[];
	readonly requestId: string | null;
	/** When the server wants to hear from us again, in milliseconds from now. */
	readonly retryAfter: number | null;
	/** With 412: the issue as it is now. */
	readonly issue: Issue | null;

	constructor(document: ProblemDocument, retryAfter: number | null = null, options?: ErrorOptions) {
		super(document.detail, options);
		this.name = 'Problem';
		this.status = document.status;
		this.title = document.title;
		this.errors = document.errors ?? [];
		this.requestId = document.request_id ?? null;
		this.issue = document.issue ?? null;
		this.retryAfter = retryAfter;
	}

	/** Whether the same request may well succeed later, without anybody changing it. */
	get isTemporary(): boolean {
		return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
	}

	static unreachable(cause: unknown): Problem {
		const document = { title: 'No answer', status: 0, detail: 'The server did not answer.' };
		return new Problem(document, null, { cause });
	}

	static async of(response: Response): Promise<Problem> {
		const retryAfter = Number(response.headers.get('Retry-After') ?? NaN) * 1000;
		return new Problem(await documentOf(response), Number.isFinite(retryAfter) ? retryAfter : null);
	}
}

/** A proxy between here and the API answers in its own words, often in HTML: those are not for people. */
async function documentOf(response: Response): Promise<ProblemDocument> {
	try {
		const body: unknown = await response.json();
		if (isProblemDocument(body)) return body;
	} catch {
		// Not JSON.
	}
	return { title: response.statusText, status: response.status, detail: '' };
}

function isProblemDocument(body: unknown): body is ProblemDocument {
	return typeof body === 'object' && body !== null && 'status' in body && 'title' in body && 'detail' in body;
}

export interface Explanation {
	/** What happened. */
	title: string;
	/** What to do about it. */
	hint: string;
}

/** Says to a person what happened and what to do. */
export function explain(error: unknown): Explanation {
	if (!(error instanceof Problem)) {
		return { title: 'Something went wrong in this page', hint: 'Reload the page and try again.' };
	}
	const fields = error.errors.map(({ message }) => message).join(' ');
	const detail = fields || error.message;
	switch (error.status) {
		case 0:
			return navigator.onLine
				? { title: 'The server does not answer', hint: 'Try again in a moment.' }
				: { title: 'You are offline', hint: 'Check your connection; what you changed is kept.' };
		case 400:
			return { title: 'This could not be accepted', hint: detail || 'Check what you entered.' };
		case 401:
			return { title: 'You are not signed in', hint: detail || 'Sign in and try again.' };
		case 403:
			return { title: 'You may not do this', hint: detail || 'Ask a maintainer to do it.' };
		case 404:
			return { title: 'This is not here', hint: 'It may have been deleted, or you may not see it.' };
		case 409:
			return { title: 'This does not fit any more', hint: detail || 'Reload the page and look again.' };
		case 412:
			return { title: 'Somebody else changed it first', hint: 'Compare both versions and choose.' };
		case 413:
			return { title: 'This is too large', hint: detail || 'Make it smaller and try again.' };
		case 429:
			return { title: 'Too many attempts', hint: `Wait ${waitingTime(error.retryAfter)} and try again.` };
		case 502:
		case 503:
		case 504:
			return { title: 'The server is away', hint: 'It should be back soon. Try again in a moment.' };
	}
	if (error.status >= 500) {
		const reference = error.requestId ? ` and mention ${error.requestId}` : '';
		return {
			title: 'The server failed',
			hint: `Try again. If it stays, tell your administrator${reference}.`
		};
	}
	return { title: error.title || 'This did not work', hint: detail || 'Try again.' };
}

function waitingTime(milliseconds: number | null): string {
	if (milliseconds === null) return 'a minute';
	const seconds = Math.ceil(milliseconds / 1000);
	return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
