import { API, tokens } from './client.ts';
import { Problem, type ProblemDocument } from './errors.ts';
import type { Attachment } from './types.ts';

/** Nothing moved for so long: the line is dead. */
const SILENCE = 60_000;

export interface UploadRequest {
	issueId: number;
	file: File;
	/** The name that it gets. */
	name: string;
	/** However often it is sent under this key, it is attached once. */
	key: string;
	signal: AbortSignal;
	/** From 0 to 1. */
	onprogress: (part: number) => void;
}

/** Attaches one file. By XMLHttpRequest, because `fetch` does not tell how far it is. Throws a `Problem`. */
export async function upload(request: UploadRequest): Promise<Attachment[]> {
	const token = await tokens.current();
	const answer = await send(request, token);
	if (answer.status !== 401) return take(answer);
	return take(await send(request, await tokens.renew(token)));
}

function send({ issueId, file, name, key, signal, onprogress }: UploadRequest, token: string) {
	return new Promise<XMLHttpRequest>((resolve, reject) => {
		const request = new XMLHttpRequest();
		let watchdog: ReturnType<typeof setTimeout> | undefined;
		const abort = () => request.abort();
		const watch = () => {
			clearTimeout(watchdog);
			watchdog = setTimeout(abort, SILENCE);
		};
		const fail = () => reject(Problem.unreachable('the upload broke off'));
		request.onloadend = () => {
			clearTimeout(watchdog);
			signal.removeEventListener('abort', abort);
		};
		request.upload.onprogress = ({ loaded, total }) => {
			watch();
			if (total > 0) onprogress(loaded / total);
		};
		request.onload = () => resolve(request);
		request.onerror = request.onabort = fail;
		request.open('POST', `${API}/issues/${issueId}/attachments`);
		request.setRequestHeader('Authorization', `Bearer ${token}`);
		request.setRequestHeader('Idempotency-Key', key);
		const form = new FormData();
		form.append('files', file, name);
		signal.addEventListener('abort', abort);
		watch();
		request.send(form);
		if (signal.aborted) request.abort();
	});
}

function take(answer: XMLHttpRequest): Attachment[] {
	const body = parse(answer.responseText);
	if (answer.status === 201) return body as Attachment[];
	const wait = Number(answer.getResponseHeader('Retry-After') ?? NaN) * 1000;
	const problem = body as Partial<ProblemDocument> | null;
	throw new Problem(
		{
			...problem,
			title: problem?.title ?? answer.statusText,
			status: answer.status,
			detail: problem?.detail ?? ''
		},
		Number.isFinite(wait) ? wait : null
	);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// A proxy answers in its own words.
		return null;
	}
}
