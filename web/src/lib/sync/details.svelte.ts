import { Problem } from '#lib/api/errors.ts';
import type { Attachment, Comment, HistoryEntry, Issue, TrackerEvent } from '#lib/api/types.ts';
import { compareAge } from './base.ts';
import { engine, type Engine } from './engine.svelte.ts';
import { Resource } from './resource.ts';
import type { Answer, Entry } from './types.ts';

/** A comment, possibly one's own that the server does not have yet: then its id is below zero. */
export type CommentView = Comment & { pending?: boolean };

/** Something about an issue, live for as long as it is looked at. */
export interface View<T> {
	readonly data: T | undefined;
	readonly error: Problem | null;
	readonly loading: boolean;
	readonly isAsking: boolean;
	reload(): void;
}

/** More issues than anybody has open; the rest is forgotten, oldest first. */
const KEPT = 100;

interface Parts {
	issue: Resource<Issue>;
	comments: Resource<Comment[]>;
	history: Resource<HistoryEntry[]>;
	files: Resource<Attachment[]>;
}

const GONE = new Problem({ title: 'Not Found', status: 404, detail: 'The issue was moved to the trash.' });

/**
 * What the store does not hold: descriptions, comments, history. Loaded when looked at, renewed when the feed
 * tells of a change, and shown with own pending mutations folded in, like the rows.
 */
export class Details {
	readonly #engine: Engine;
	readonly #parts = new Map<number, Parts>();

	constructor(engine: Engine) {
		this.#engine = engine;
		engine.observe({
			changed: (ids, events) => this.#changed(ids, events),
			answered: (entry, answer) => this.#answered(entry, answer),
			reconnected: () => this.#retry()
		});
	}

	/** With its description, which may be older than its other fields: `version` is that of the description. */
	issue(id: number): View<Issue> {
		if (id < 0) return view(() => this.#unsent(id));
		const { issue } = this.#of(id);
		return view(() => this.#folded(id, issue.data), issue);
	}

	comments(id: number): View<CommentView[]> {
		if (id < 0) return view(() => this.#withPending(id, []));
		const { comments } = this.#of(id);
		return view(() => comments.data && this.#withPending(id, comments.data), comments);
	}

	/** Of those that the server has; zero when none is known. */
	newestComment(id: number): number {
		return Math.max(0, ...(this.#parts.get(id)?.comments.current ?? []).map((comment) => comment.id));
	}

	/** Oldest first, with those whose content was removed for its age. */
	files(id: number): View<Attachment[]> {
		if (id <= 0) return view(() => []);
		const { files } = this.#of(id);
		return view(() => files.data && this.#withPendingFiles(id, files.data), files);
	}

	/** Files that were just uploaded are shown before the feed tells of them. */
	attached(id: number, added: readonly Attachment[]): void {
		const files = this.#parts.get(id)?.files;
		if (!files?.current) return;
		const known = new Set(files.current.map((file) => file.id));
		files.set([...files.current, ...added.filter((file) => !known.has(file.id))]);
	}

	history(id: number): View<HistoryEntry[]> {
		if (id < 0) return view(() => []);
		const { history } = this.#of(id);
		return view(() => history.data, history);
	}

	#of(id: number): Parts {
		let parts = this.#parts.get(id);
		if (!parts) {
			const { backend } = this.#engine;
			parts = {
				issue: new Resource((signal) => this.#engine.read(backend.issue(id, signal), rowsOf)),
				comments: new Resource((signal) => backend.comments(id, signal)),
				history: new Resource((signal) => backend.history(id, signal)),
				files: new Resource((signal) => backend.attachments(id, signal))
			};
			this.#forgetOldest();
		}
		// The order of a Map is that of insertion: the one used last goes to the end.
		this.#parts.delete(id);
		this.#parts.set(id, parts);
		return parts;
	}

	#forgetOldest(): void {
		for (const [id, parts] of this.#parts) {
			if (this.#parts.size < KEPT) return;
			if (!partsOf(parts).some(({ isWatched }) => isWatched)) this.#parts.delete(id);
		}
	}

	#changed(ids: ReadonlySet<number> | null, events: readonly TrackerEvent[]): void {
		for (const [id, parts] of this.#parts) {
			if (ids !== null && !ids.has(id)) continue;
			const about = events.filter(({ issue_id }) => issue_id === id);
			// Asking for what is in the trash would only be answered with an error.
			if (about.at(-1)?.issue === null) {
				for (const part of partsOf(parts)) part.end(GONE);
				continue;
			}
			const kinds = new Set(about.map(({ type }) => type.split('.')[0]));
			const isAnew = ids === null || about.some(({ type }) => type === 'issue.restored');
			parts.history.invalidate();
			if (isAnew || kinds.has('issue')) parts.issue.invalidate();
			if (isAnew || kinds.has('comment')) parts.comments.invalidate();
			if (isAnew || kinds.has('attachment')) parts.files.invalidate();
		}
	}

	#retry(): void {
		for (const parts of this.#parts.values()) {
			for (const part of partsOf(parts)) part.retry();
		}
	}

	/** The answer to an own write is shown before the feed tells of it. */
	#answered({ issueId, mutation }: Entry, { issue, comment, file }: Answer): void {
		const parts = this.#parts.get(issueId);
		if (!parts) return;
		const known = parts.issue.current;
		// Where the store knows of no such issue, the feed has told of its end already.
		const isThere = this.#engine.issues.truth(issueId) !== undefined;
		if (issue && isThere && (!known || compareAge(issue, known) >= 0)) parts.issue.set(issue);
		const files = parts.files.current;
		if (files && file) parts.files.set(files.map((other) => (other.id === file.id ? file : other)));
		if (files && mutation.kind === 'deleteFile') {
			parts.files.set(files.filter(({ id }) => id !== mutation.fileId));
		}
		const comments = parts.comments.current;
		if (!comments) return;
		if (comment) {
			const index = comments.findIndex(({ id }) => id === comment.id);
			parts.comments.set(index < 0 ? [...comments, comment] : comments.with(index, comment));
		} else if (mutation.kind === 'deleteComment') {
			parts.comments.set(comments.filter(({ id }) => id !== mutation.commentId));
		}
	}

	#folded(id: number, loaded: Issue | undefined): Issue | undefined {
		const row = this.#engine.issues.get(id);
		if (!loaded) return undefined;
		const pending = this.#pendingOf(id).map(({ mutation }) => mutation);
		const description = pending.reduce(
			(text, mutation) => (mutation.kind === 'edit' ? (mutation.changes.description ?? text) : text),
			loaded.description
		);
		return { ...loaded, ...row, description, version: loaded.version };
	}

	/** An issue that was opened here and that the server has not named yet. */
	#unsent(id: number): Issue | undefined {
		const row = this.#engine.issues.get(id);
		const opening = this.#pendingOf(id).find(({ mutation }) => mutation.kind === 'open');
		if (!row || opening?.mutation.kind !== 'open') return undefined;
		return this.#folded(id, { ...row, description: opening.mutation.values.description ?? '' });
	}

	#withPending(issue_id: number, loaded: readonly Comment[]): CommentView[] {
		let comments: CommentView[] = [...loaded];
		const confirmed = new Set<Comment>();
		for (const { mutation, seq, at } of this.#pendingOf(issue_id)) {
			switch (mutation.kind) {
				case 'comment': {
					const { viewer: author } = this.#engine;
					// The list may have it already: it can overtake the answer, which a reload of the page even loses.
					const twin = loaded.find(
						(other) =>
							other.id > (mutation.after ?? 0) &&
							other.author.id === author.id &&
							other.body === mutation.body &&
							!confirmed.has(other)
					);
					if (twin) {
						confirmed.add(twin);
						break;
					}
					const comment = {
						id: -seq,
						issue_id,
						author,
						body: mutation.body,
						created_at: at,
						updated_at: null
					};
					comments.push({ ...comment, pending: true });
					break;
				}
				case 'editComment':
					comments = comments.map((comment) =>
						comment.id === mutation.commentId ? { ...comment, body: mutation.body, pending: true } : comment
					);
					break;
				case 'deleteComment':
					comments = comments.filter((comment) => comment.id !== mutation.commentId);
					break;
			}
		}
		return comments;
	}

	#withPendingFiles(id: number, loaded: readonly Attachment[]): Attachment[] {
		let files: Attachment[] = [...loaded];
		for (const { mutation } of this.#pendingOf(id)) {
			if (mutation.kind === 'keepFile') {
				files = files.map((file) => (file.id === mutation.fileId ? { ...file, keep: mutation.keep } : file));
			} else if (mutation.kind === 'deleteFile') {
				files = files.filter((file) => file.id !== mutation.fileId);
			}
		}
		return files;
	}

	/** What the server has answered is in the loaded parts already. */
	#pendingOf(id: number): readonly Entry[] {
		return this.#engine.pending.filter(({ issueId, answer }) => issueId === id && !answer);
	}
}

function view<T>(data: () => T | undefined, resource?: Resource<unknown>): View<T> {
	return {
		get data() {
			return data();
		},
		get error() {
			return resource?.error ?? null;
		},
		get loading() {
			return resource?.loading ?? false;
		},
		get isAsking() {
			return resource?.isAsking ?? false;
		},
		reload: () => resource?.reload()
	};
}

function partsOf({ issue, comments, history, files }: Parts): Resource<unknown>[] {
	return [issue, comments, history, files] as Resource<unknown>[];
}

function rowsOf({ description: _, ...row }: Issue) {
	return [row];
}

export const details = new Details(engine);
