import { API, tokens } from './client.ts';
import { Problem, type ProblemDocument } from './errors.ts';
import type { Attachment, Import } from './types.ts';

/** Nothing moved for so long: the line is dead. */
const SILENCE = 60_000;

interface Sending {
	/** However often it is sent under this key, it is done once. */
	key: string;
	signal: AbortSignal;
	/** From 0 to 1. */
	onprogress: (part: number) => void;
}

export interface UploadRequest extends Sending {
	issueId: number;
	file: File;
	/** The name that it gets. */
	name: string;
}

interface FormRequest extends Sending {
	path: string;
	files: { file: File; name: string }[];
}

/** Attaches one file. Throws a `Problem`. */
export async function upload({ issueId, file, name, ...sending }: UploadRequest): Promise<Attachment[]> {
	const path = `/issues/${issueId}/attachments`;
	return (await postFiles({ path, files: [{ file, name }], ...sending })) as Attachment[];
}

/** Uploads files of issues to import. Throws a `Problem`. */
export async function uploadImport(files: File[], sending: Sending): Promise<Import> {
	const named = files.map((file) => ({ file, name: file.name }));
	return (await postFiles({ path: '/imports', files: named, ...sending })) as Import;
}

/** By XMLHttpRequest, because `fetch` does not tell how far it is. */
async function postFiles(request: FormRequest): Promise<unknown> {
	const token = await tokens.current();
	const answer = await send(request, token);
	if (answer.status !== 401) return take(answer);
	return take(await send(request, await tokens.renew(token)));
}

function send({ path, files, key, signal, onprogress }: FormRequest, token: string) {
	return new Promise<XMLHttpRequest>((resolve, reject) => {
		const request = new XMLHttpRequest();
		let watchdog: ReturnType<typeof setTimeout> | undefined;
		const abort = () => request.abort();
		const watch = () => {
			clearTimeout(watchdog);
			watchdog = setTimeout(abort, SILENCE);
		};
		const fail = () => reject(Problem.unreachable('the upload broke off'));
		const ends = AbortSignal.any([signal, tokens.signal]);
		request.onloadend = () => {
			clearTimeout(watchdog);
			ends.removeEventListener('abort', abort);
		};
		request.upload.onprogress = ({ loaded, total }) => {
			watch();
			if (total > 0) onprogress(loaded / total);
		};
		request.onload = () => resolve(request);
		request.onerror = request.onabort = fail;
		request.open('POST', `${API}${path}`);
		request.setRequestHeader('Authorization', `Bearer ${token}`);
		request.setRequestHeader('Idempotency-Key', key);
		const form = new FormData();
		for (const { file, name } of files) form.append('files', file, name);
		ends.addEventListener('abort', abort);
		watch();
		request.send(form);
		if (ends.aborted) request.abort();
	});
}

function take(answer: XMLHttpRequest): unknown {
	const body = parse(answer.responseText);
	if (answer.status === 201) return body;
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
