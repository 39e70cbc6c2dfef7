import { Problem } from '#lib/api/errors.ts';
import type { Comment, EventType, Issue, IssueRow, Person, TrackerEvent } from '#lib/api/types.ts';
import type { Backend } from '#lib/sync/backend.ts';
import { changed } from '#lib/sync/fold.ts';
import type { Answer, Entry, EventPage, IssueChanges } from '#lib/sync/types.ts';
import { anIssue, bob } from './builders.ts';
import type { Random } from './random.ts';

interface Stored {
	issue: Issue;
	isDeleted: boolean;
	comments: Comment[];
}

/** How the line to the server is at the moment. */
export interface Line {
	/** Chance that a request never arrives. */
	lossThere: number;
	/** Chance that its answer never arrives, although it was carried out. */
	lossBack: number;
	/** Longest way there and back, in milliseconds. */
	delay: number;
}

export const goodLine: Line = { lossThere: 0, lossBack: 0, delay: 20 };

/**
 * The API in memory, behind a line that delays, loses and reorders. It keeps the promises of the contract
 * (rows as they are now in events, cursors, idempotency, versions) and none that the contract doesn't make.
 */
export class SimServer {
	line: Line = goodLine;
	/** Refuses this field in edits, as if the person's role forbade it. */
	forbidden: keyof IssueChanges | null = null;
	/** Of own writes, by Idempotency-Key: how often each was carried out. */
	readonly executions = new Map<string, number>();
	readonly #issues = new Map<number, Stored>();
	readonly #answers = new Map<string, Answer>();
	readonly #log: { id: number; type: EventType; issueId: number; actor: Person }[] = [];
	readonly #random: Random;
	readonly #listeners = new Set<() => void>();
	#era = 0;
	#oldest = 0;
	#clock = Date.parse('2026-01-01T00:00:00Z');
	#lastId = 0;

	constructor(random: Random) {
		this.#random = random;
	}

	/** What a fresh list would show. */
	get rows(): IssueRow[] {
		return [...this.#issues.values()].filter(({ isDeleted }) => !isDeleted).map(rowOf);
	}

	get cursor(): string {
		return `${this.#era}:${this.#log.length}`;
	}

	get ids(): number[] {
		return [...this.#issues.keys()];
	}

	stored(id: number): Stored | undefined {
		return this.#issues.get(id);
	}

	/** Calls back after each event, until the function that it returns is called. */
	listen(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => void this.#listeners.delete(listener);
	}

	/** Cursors of before are worth nothing from now on. */
	forgetCursors(): void {
		this.#era += 1;
		for (const listener of this.#listeners) queueMicrotask(listener);
	}

	/** Nothing before now is kept for those who were away. */
	expireLog(): void {
		this.#oldest = this.#log.length;
	}

	open(values: Partial<Issue>, actor = bob): Answer {
		this.#lastId += 1;
		const at = this.#now();
		const issue = anIssue({ ...values, id: this.#lastId, reporter: actor, created_at: at, updated_at: at });
		this.#issues.set(issue.id, { issue, isDeleted: false, comments: [] });
		return { eventIds: [this.#record('issue.created', issue.id, actor)], issue };
	}

	edit(id: number, changes: IssueChanges, actor = bob, version?: number): Answer {
		const stored = this.#visible(id);
		const { issue } = stored;
		if (version !== undefined && version !== issue.version) {
			throw new Problem({ title: 'Stale', status: 412, detail: '', issue });
		}
		const next = changed(issue, changes, this.#now());
		const isSame =
			JSON.stringify({ ...next, updated_at: '' }) === JSON.stringify({ ...issue, updated_at: '' });
		if (isSame) return { eventIds: [], issue };
		stored.issue = { ...next, version: issue.version + 1 };
		return { eventIds: [this.#record('issue.updated', id, actor)], issue: stored.issue };
	}

	comment(id: number, body: string, actor = bob): Answer {
		const stored = this.#visible(id);
		const at = this.#now();
		this.#lastId += 1;
		const comment = { id: this.#lastId, issue_id: id, author: actor, body, created_at: at, updated_at: null };
		stored.comments = [...stored.comments, comment];
		stored.issue = { ...stored.issue, updated_at: at, comment_count: stored.comments.length };
		return { eventIds: [this.#record('comment.created', id, actor)], comment };
	}

	editComment(id: number, commentId: number, body: string, actor = bob): Answer {
		const comment = { ...this.#ownComment(id, commentId, actor), body, updated_at: this.#now() };
		this.#setComments(id, (comments) => comments.map((other) => (other.id === commentId ? comment : other)));
		return { eventIds: [this.#record('comment.updated', id, actor)], comment };
	}

	deleteComment(id: number, commentId: number, actor = bob): Answer {
		this.#ownComment(id, commentId, actor);
		this.#setComments(id, (comments) => comments.filter((other) => other.id !== commentId));
		return { eventIds: [this.#record('comment.deleted', id, actor)] };
	}

	delete(id: number, actor = bob): Answer {
		const stored = this.#visible(id);
		stored.isDeleted = true;
		stored.issue = { ...stored.issue, updated_at: this.#now() };
		return { eventIds: [this.#record('issue.deleted', id, actor)] };
	}

	restore(id: number, actor = bob): Answer {
		const stored = this.#issues.get(id);
		if (!stored) throw notFound();
		if (!stored.isDeleted) return { eventIds: [], issue: stored.issue };
		stored.isDeleted = false;
		stored.issue = { ...stored.issue, updated_at: this.#now() };
		return { eventIds: [this.#record('issue.restored', id, actor)], issue: stored.issue };
	}

	eventsAfter(cursor: string, limit = 3): EventPage {
		const [era = '', position = ''] = cursor.split(':');
		const from = Number(position);
		if (Number(era) !== this.#era || from < this.#oldest) {
			return { cursor: this.cursor, events: [], has_more: false, reset: true };
		}
		const entries = this.#log.slice(from, from + limit);
		const events = entries.map(({ id, type, issueId, actor }): TrackerEvent => {
			const stored = this.#issues.get(issueId);
			const issue = stored && !stored.isDeleted ? rowOf(stored) : null;
			return { id, type, issue_id: issueId, actor, created_at: '2026-01-01T00:00:00Z', changes: {}, issue };
		});
		const end = from + entries.length;
		return { cursor: `${this.#era}:${end}`, events, has_more: end < this.#log.length, reset: false };
	}

	/** This server as one person's app sees it. */
	backend(viewer: Person): Backend {
		return {
			firstRows: () => Promise.resolve([]),
			snapshot: (signal) =>
				this.#answer(signal, () => {
					const { rows, cursor } = this;
					const portions = (async function* () {
						await Promise.resolve();
						yield rows;
					})();
					return { cursor, total: rows.length, portions };
				}),
			events: (after, signal) => this.#answer(signal, () => this.eventsAfter(after)),
			send: (entry, signal) => this.#answer(signal, () => this.#once(entry, viewer)),
			issue: (id, signal) => this.#answer(signal, () => this.#visible(id).issue),
			comments: (id, signal) => this.#answer(signal, () => this.#visible(id).comments),
			attachments: (id, signal) => this.#answer(signal, () => (this.#visible(id), [])),
			history: (_id, signal) => this.#answer(signal, () => []),
			list: (_query, signal) =>
				this.#answer(signal, () => {
					const items = this.rows.filter(() => this.#random.chance(0.5));
					return { items, next_cursor: null, total: items.length, total_is_capped: false };
				})
		};
	}

	#once(entry: Entry, viewer: Person): Answer {
		const before = this.#answers.get(entry.key);
		if (before) return { ...before, isReplay: true };
		const answer = this.#execute(entry, viewer);
		this.#answers.set(entry.key, answer);
		this.executions.set(entry.key, (this.executions.get(entry.key) ?? 0) + 1);
		return answer;
	}

	#execute({ mutation, issueId, version }: Entry, viewer: Person): Answer {
		switch (mutation.kind) {
			case 'open':
				return this.open(mutation.values, viewer);
			case 'edit':
				if (this.forbidden !== null && this.forbidden in mutation.changes) {
					throw new Problem({ title: 'Forbidden', status: 403, detail: 'Not yours to set.' });
				}
				return this.edit(issueId, mutation.changes, viewer, version);
			case 'delete':
				return this.delete(issueId, viewer);
			case 'restore':
				return this.restore(issueId, viewer);
			case 'comment':
				return this.comment(issueId, mutation.body, viewer);
			case 'editComment':
				return this.editComment(issueId, mutation.commentId, mutation.body, viewer);
			case 'deleteComment':
				return this.deleteComment(issueId, mutation.commentId, viewer);
			default:
				throw new Error(`not simulated: ${mutation.kind}`);
		}
	}

	/** Sends there, does it, sends back; each leg takes its own time or is lost. */
	async #answer<T>(signal: AbortSignal, work: () => T): Promise<T> {
		const { lossThere, lossBack, delay } = this.line;
		await this.#travel(delay, signal);
		if (this.#random.chance(lossThere)) throw Problem.unreachable('lost on the way there');
		const result = attempt(work);
		await this.#travel(delay, signal);
		if (this.#random.chance(lossBack)) throw Problem.unreachable('lost on the way back');
		return result();
	}

	#travel(delay: number, signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			const abort = () => reject(new DOMException('aborted', 'AbortError'));
			if (signal.aborted) abort();
			signal.addEventListener('abort', abort);
			setTimeout(() => {
				signal.removeEventListener('abort', abort);
				resolve();
			}, this.#random.below(delay));
		});
	}

	#visible(id: number): Stored {
		const stored = this.#issues.get(id);
		if (!stored || stored.isDeleted) throw notFound();
		return stored;
	}

	#ownComment(id: number, commentId: number, actor: Person): Comment {
		const comment = this.#visible(id).comments.find((other) => other.id === commentId);
		if (comment?.author.id !== actor.id) throw notFound();
		return comment;
	}

	#setComments(id: number, change: (comments: Comment[]) => Comment[]): void {
		const stored = this.#visible(id);
		stored.comments = change(stored.comments);
		stored.issue = { ...stored.issue, updated_at: this.#now(), comment_count: stored.comments.length };
	}

	#record(type: EventType, issueId: number, actor: Person): number {
		// Ids are taken before commit: they need not be in the order of the log.
		const id = 1000 + this.#log.length * 10 + this.#random.below(25) * 10 + (this.#log.length % 10);
		this.#log.push({ id, type, issueId, actor });
		for (const listener of this.#listeners) queueMicrotask(listener);
		return id;
	}

	#now(): string {
		this.#clock += 1 + this.#random.below(1000);
		return new Date(this.#clock).toISOString();
	}
}

function attempt<T>(work: () => T): () => T {
	try {
		const result = work();
		return () => result;
	} catch (error) {
		return () => {
			throw error;
		};
	}
}

function rowOf({ issue: { description: _, ...row } }: Stored): IssueRow {
	return row;
}

function notFound(): Problem {
	return new Problem({ title: 'Not Found', status: 404, detail: '' });
}
