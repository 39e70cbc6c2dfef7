import { api, API, authorised, ok, strict, tokens } from '#lib/api/client.ts';
import { takeEarly } from '#lib/api/early.ts';
import { Problem } from '#lib/api/errors.ts';
import type { IssueRow } from '#lib/api/types.ts';
import type { Backend } from './backend.ts';
import type { Answer, Entry, IssueChanges, Snapshot } from './types.ts';

/** A snapshot may take its time on a slow line, as long as it comes. */
const SNAPSHOT_TIMEOUT = 120_000;
/** The server ends a snapshot here, whatever `total` says. */
const MAX_SNAPSHOT_ROWS = 20_000;
const PORTION = 500;
const PAGE = 100;

const snapshotFetch = strict(
	authorised(tokens, (input, init) => fetch(input, init)),
	SNAPSHOT_TIMEOUT
);

/** The tracker's API over HTTP. */
export const http: Backend = {
	async firstRows() {
		const list = await ofViewer(takeEarly('list'));
		return list?.items ?? [];
	},

	async snapshot(signal) {
		const early = await ofViewer(takeEarly('snapshot'));
		const response = early?.ok
			? early
			: await snapshotFetch(new Request(`${API}/issues/snapshot`, { signal }));
		const lines = linesOf(response);
		const head = await lines.next();
		if (head.done) throw Problem.unreachable('the snapshot is empty');
		const { cursor, total } = JSON.parse(head.value) as Omit<Snapshot, 'portions'>;
		return { cursor, total, portions: portionsOf(lines, Math.min(total, MAX_SNAPSHOT_ROWS)) };
	},

	events: (after, signal) => ok(api.GET('/events', { params: { query: { after, limit: 500 } }, signal })),

	send: (entry, signal) => send(entry, signal),

	issue: (issue_id, signal) => ok(api.GET('/issues/{issue_id}', { params: { path: { issue_id } }, signal })),

	comments: (issue_id, signal) =>
		allPages((cursor) =>
			ok(
				api.GET('/issues/{issue_id}/comments', {
					params: { path: { issue_id }, query: { limit: PAGE, cursor } },
					signal
				})
			)
		),

	attachments: (issue_id, signal) =>
		ok(api.GET('/issues/{issue_id}/attachments', { params: { path: { issue_id } }, signal })),

	history: (issue_id, signal) =>
		allPages((cursor) =>
			ok(
				api.GET('/issues/{issue_id}/history', {
					params: { path: { issue_id }, query: { limit: PAGE, cursor } },
					signal
				})
			)
		),

	list: (query, signal) => ok(api.GET('/issues', { params: { query }, signal }))
};

/** An early answer, once it is known to be for whoever is signed in. */
async function ofViewer<T>(answer: Promise<T | null> | undefined): Promise<T | null> {
	if (!answer) return null;
	await tokens.current();
	return tokens.userId === window.early?.userId ? await answer : null;
}

async function send(entry: Entry, signal: AbortSignal): Promise<Answer> {
	const { mutation, issueId: issue_id } = entry;
	const headers = { 'Idempotency-Key': entry.key };
	switch (mutation.kind) {
		case 'open':
			return issueAnswer(
				await api.POST('/issues', {
					headers,
					body: { ...bodyOf(mutation.values), title: mutation.values.title },
					signal
				})
			);
		case 'edit':
			return issueAnswer(
				await api.PATCH('/issues/{issue_id}', {
					params: {
						path: { issue_id },
						header: entry.version === undefined ? {} : { 'If-Match': `"${entry.version}"` }
					},
					headers,
					body: bodyOf(mutation.changes),
					signal
				})
			);
		case 'delete':
			return answer(
				await api.DELETE('/issues/{issue_id}', { params: { path: { issue_id } }, headers, signal })
			);
		case 'restore':
			return issueAnswer(
				await api.POST('/issues/{issue_id}/restore', { params: { path: { issue_id } }, headers, signal })
			);
		case 'comment':
			return commentAnswer(
				await api.POST('/issues/{issue_id}/comments', {
					params: { path: { issue_id } },
					headers,
					body: { body: mutation.body },
					signal
				})
			);
		case 'editComment':
			return commentAnswer(
				await api.PATCH('/issues/{issue_id}/comments/{comment_id}', {
					params: { path: { issue_id, comment_id: mutation.commentId } },
					headers,
					body: { body: mutation.body },
					signal
				})
			);
		case 'deleteComment':
			return answer(
				await api.DELETE('/issues/{issue_id}/comments/{comment_id}', {
					params: { path: { issue_id, comment_id: mutation.commentId } },
					headers,
					signal
				})
			);
		case 'keepFile':
			return fileAnswer(
				await api.PATCH('/issues/{issue_id}/attachments/{attachment_id}', {
					params: { path: { issue_id, attachment_id: mutation.fileId } },
					headers,
					body: { keep: mutation.keep },
					signal
				})
			);
		case 'deleteFile':
			return answer(
				await api.DELETE('/issues/{issue_id}/attachments/{attachment_id}', {
					params: { path: { issue_id, attachment_id: mutation.fileId } },
					headers,
					signal
				})
			);
	}
}

/** People are objects in the app and ids on the wire. */
function bodyOf({ assignee, ...changes }: IssueChanges) {
	return { ...changes, ...(assignee === undefined ? {} : { assignee_id: assignee?.id ?? null }) };
}

function answer({ response }: { response: Response }): Answer {
	const ids = response.headers.get('X-Event-Ids') ?? '';
	return {
		eventIds: ids.split(',').filter(Boolean).map(Number),
		isReplay: response.headers.has('Idempotent-Replayed')
	};
}

function issueAnswer(result: { data?: Answer['issue']; response: Response }): Answer {
	return { ...answer(result), issue: result.data };
}

function commentAnswer(result: { data?: Answer['comment']; response: Response }): Answer {
	return { ...answer(result), comment: result.data };
}

function fileAnswer(result: { data?: Answer['file']; response: Response }): Answer {
	return { ...answer(result), file: result.data };
}

async function allPages<T>(
	page: (cursor: string | undefined) => Promise<{ items: T[]; next_cursor: string | null }>
): Promise<T[]> {
	const all: T[] = [];
	let cursor: string | null | undefined;
	do {
		const { items, next_cursor } = await page(cursor ?? undefined);
		all.push(...items);
		cursor = next_cursor;
	} while (cursor);
	return all;
}

async function* linesOf(response: Response): AsyncGenerator<string, void> {
	if (!response.body) return;
	const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = '';
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) break;
			const lines = (rest + value).split('\n');
			rest = lines.pop() ?? '';
			yield* lines;
		}
	} catch (error) {
		throw Problem.unreachable(error);
	} finally {
		reader.releaseLock();
	}
	if (rest) yield rest;
}

/** A connection that breaks off may look like an end; counting tells. */
async function* portionsOf(
	lines: AsyncGenerator<string, void>,
	expected: number
): AsyncGenerator<IssueRow[]> {
	let seen = 0;
	let portion: IssueRow[] = [];
	for await (const line of lines) {
		portion.push(JSON.parse(line) as IssueRow);
		seen += 1;
		if (portion.length === PORTION) {
			yield portion;
			portion = [];
		}
	}
	if (seen < expected) throw Problem.unreachable('the snapshot broke off');
	yield portion;
}
