import type { Problem } from '#lib/api/errors.ts';
import type { Issue, IssueRow, Person, TrackerEvent } from '#lib/api/types.ts';
import type { Backend } from './backend.ts';
import type { News } from './base.ts';
import { Collection } from './collection.svelte.ts';
import { makeEntry } from './entries.ts';
import { isReflected } from './fold.ts';
import { http } from './http.ts';
import { Kept } from './kept.ts';
import { liveTransport } from './live.ts';
import { Observers, type Observer } from './observers.ts';
import { Outbox } from './outbox.svelte.ts';
import { RecentIds } from './recent-ids.ts';
import { SnapshotLoader } from './snapshot-loader.svelte.ts';
import { Tab } from './tab.ts';
import {
	stateWithoutAnswer,
	type ConnectionState,
	type Transport,
	type TransportHooks
} from './transport.ts';
import type { Answer, Conflict, Entry, IssueChanges, Mutated, Mutation } from './types.ts';

/**
 * An event that has not come so long after the answer that names it came before: a write whose first answer
 * was lost is answered again after a reload, when the cursor is past its events.
 */
const OVERDUE = 10_000;
/** A snapshot ends at 20,000 rows. A set that came near that, and has lost some since, may lack others. */
const SURELY_WHOLE = 18_000;

/**
 * The store of issues: what the server says, with the person's own mutations folded in.
 *
 * There is one way to get going: rows (from the cache of this browser, or a snapshot from the server) and the
 * event cursor that belongs to them, then the feed from that cursor. Recovery is that way taken again.
 */
export class Engine {
	readonly issues = new Collection();
	status = $state<'empty' | 'loading' | 'ready'>('empty');
	connection = $state.raw<{ state: ConnectionState; since: Date }>({
		state: 'reconnecting',
		since: new Date()
	});

	/** Whether the whole working set is here: all that is open and what was closed lately. */
	isWhole = $state(true);

	/** Tells the person what the server refused. */
	onRefused: (mutation: Mutation, problem: Problem) => void = () => undefined;
	/** What the person may see may have changed as a whole. */
	onReset: () => void = () => undefined;

	readonly backend: Backend;
	readonly #outbox: Outbox;
	readonly #transport: Transport;
	readonly #observers = new Observers();
	/** Events that came, possibly before the answer that names them. */
	readonly #seen = new RecentIds();
	readonly #tab = new Tab();
	readonly #loader: SnapshotLoader;
	#viewer: Person = { id: 0, full_name: '' };
	#kept: Kept | null = null;
	#run: AbortController | null = null;
	#loading: AbortController | null = null;
	#cursor = '';
	/** Counts how often everything was loaded anew. */
	#epoch = 0;

	constructor(backend: Backend, createTransport: (hooks: TransportHooks) => Transport) {
		this.backend = backend;
		this.#loader = new SnapshotLoader(backend);
		this.#outbox = new Outbox(
			{ put: (entry) => this.#kept?.put(entry), remove: (key) => this.#kept?.remove(key) },
			{
				send: (entry, signal) => backend.send(entry, signal),
				changed: () => this.issues.refold(this.#outbox.entries, this.#viewer),
				accepted: (entry, answer) => this.#accepted(entry, answer),
				refused: ({ mutation }, problem) => this.onRefused(mutation, problem)
			}
		);
		this.#transport = createTransport({
			cursor: () => this.#cursor,
			events: (events, cursor) => this.#receive(events, cursor),
			reset: () => void this.reload(),
			state: (state) => this.#connected(state)
		});
	}

	/** How far loading the whole working set is, while it is loaded. */
	get progress(): { loaded: number; total: number } | null {
		return this.#loader.progress;
	}

	/** Why it is not there yet; it is tried again and again meanwhile. */
	get loadError(): Problem | null {
		return this.#loader.error;
	}

	/** Whether the server is being asked for it just now. */
	get isAsking(): boolean {
		return this.#loader.isAsking;
	}

	get viewer(): Person {
		return this.#viewer;
	}

	/** Own mutations that the server has not confirmed. */
	get pending(): readonly Entry[] {
		return this.#outbox.entries;
	}

	get conflicts(): Conflict[] {
		return this.#outbox.conflicts;
	}

	/** How many own changes only this browser has. */
	get unsent(): number {
		return this.#outbox.unsent;
	}

	isPending(id: number): boolean {
		return this.#outbox.entries.some(({ issueId, answer }) => issueId === id && !answer);
	}

	observe(observer: Observer): () => void {
		return this.#observers.add(observer);
	}

	/** Begins to work for a person. */
	async start(viewer: Person): Promise<void> {
		this.#halt();
		const run = new AbortController();
		this.#run = run;
		this.#viewer = viewer;
		this.status = 'loading';
		const kept = new Kept(viewer.id, () => ({ cursor: this.#cursor, rows: this.issues.truths() }));
		this.#kept = kept;
		const isObsolete = () => run.signal.aborted;
		void this.#showFirst(run.signal);
		const cached = await kept.load();
		if (isObsolete()) return;
		if (cached) {
			this.#apply({ kind: 'snapshot', rows: cached.rows });
			this.isWhole = cached.rows.length < SURELY_WHOLE;
			this.#cursor = cached.cursor;
			kept.startFrom(cached.cursor);
			this.status = 'ready';
			this.#transport.start();
		} else {
			kept.startFrom(null);
		}
		const unsent = await kept.adoptEntries(this.#tab);
		if (isObsolete()) return;
		this.#outbox.adopt(unsent);
		if (cached) this.#outbox.resume();
		else await this.reload();
	}

	/** What doesn't come early comes with all the others. */
	async #showFirst(signal: AbortSignal): Promise<void> {
		const rows = await this.backend.firstRows().catch(() => []);
		if (this.status === 'loading' && !signal.aborted) this.#apply({ kind: 'rows', rows });
	}

	/**
	 * Stops working for the person. `forget` also deletes what this browser keeps of them: the rows, or all,
	 * including mutations that were never sent.
	 */
	async stop({ forget }: { forget?: 'rows' | 'all' } = {}): Promise<void> {
		const kept = this.#kept;
		// What is to be written is taken before it is gone.
		if (!forget) kept?.flush();
		this.#halt();
		await kept?.close(forget);
	}

	/** The session expired: nothing gets through until `resume`, and nothing is lost. */
	suspend(): void {
		this.#transport.stop();
		this.#outbox.hold();
		this.#connected('reconnecting');
	}

	resume(): void {
		if (this.#loading) {
			this.#loader.retry();
		} else if (this.status === 'ready') {
			this.#transport.start();
			this.#outbox.resume();
		}
	}

	/** The network or the person may be back: try whatever is waiting now. */
	wake(): void {
		if (!this.#run) return;
		this.#loader.retry();
		this.#transport.wake();
		this.#outbox.wake();
	}

	/** Loads the whole working set anew and goes on from there. */
	async reload(): Promise<void> {
		const run = this.#run;
		if (!run) return;
		// From here on, nothing else moves: a snapshot can't tell of what happens while it is under way.
		this.#transport.stop();
		this.#outbox.hold();
		this.#loading?.abort();
		const loading = new AbortController();
		this.#loading = loading;
		this.#epoch += 1;
		if (this.status === 'ready') this.onReset();
		const snapshot = await this.#loader.load(
			AbortSignal.any([run.signal, loading.signal]),
			(rows) => this.status === 'loading' && this.#apply({ kind: 'rows', rows }),
			() => this.#connected(stateWithoutAnswer())
		);
		if (!snapshot) return;
		this.#loading = null;
		this.#install(snapshot.cursor, snapshot.rows);
	}

	/** Does something to an issue: here at once, on the server as soon as possible. */
	mutate(mutation: Mutation): Mutated {
		const known =
			mutation.kind === 'edit'
				? { shown: this.issues.get(mutation.id), row: this.issues.truth(mutation.id) }
				: {};
		const entry = makeEntry(mutation, { viewer: this.#viewer, tab: this.#tab.id, ...known });
		return { key: entry.key, id: entry.issueId, done: this.#outbox.add(entry) };
	}

	/** Ends a conflict: with what to save now, or null to leave it as the other person left it. */
	resolve(key: string, changes: IssueChanges | null): void {
		const conflict = this.#outbox.settle(key);
		if (conflict && changes) this.mutate({ kind: 'edit', id: conflict.id, changes, before: conflict.theirs });
	}

	/** Makes a request whose answer has rows, and lets the store have them too. */
	async read<T>(request: Promise<T>, rowsOf: (answer: T) => readonly IssueRow[]): Promise<T> {
		const epoch = this.#epoch;
		const answer = await request;
		// Asked before everything was loaded anew: it may tell of what is not so any more.
		if (epoch === this.#epoch && this.#run) this.#apply({ kind: 'rows', rows: rowsOf(answer) });
		return answer;
	}

	#accepted(entry: Entry, answer: Answer): void {
		const { issue, isReplay } = answer;
		// An issue that is unknown although a repeated answer has it may be deleted since: the feed knows.
		const isNews = issue && !(isReplay && !this.issues.truth(issue.id));
		this.#apply({ kind: 'rows', rows: isNews ? [rowOf(issue)] : [] });
		this.#observers.answered(entry, answer);
		this.#transport.wake();
		setTimeout(() => this.#outbox.retire(({ key }) => key === entry.key), OVERDUE);
	}

	#receive(events: readonly TrackerEvent[], cursor: string): void {
		this.#cursor = cursor;
		if (events.length === 0) return;
		this.#seen.add(events.map(({ id }) => id));
		this.#apply({ kind: 'events', events });
		const about = new Set(events.map(({ issue_id }) => issue_id));
		this.#observers.changed(about, events);
	}

	#retire(): void {
		this.#outbox.retire(
			(entry, answer) =>
				answer.eventIds.every((id) => this.#seen.has(id)) ||
				isReflected(this.issues.truth(entry.issueId), entry, answer)
		);
	}

	/** The one way in for what the server says. */
	#apply(news: News): void {
		const changed = this.issues.apply(news, this.#outbox.entries, this.#viewer);
		this.#kept?.note(changed);
		this.#retire();
	}

	#install(cursor: string, rows: IssueRow[]): void {
		// Also what was asked while the snapshot was under way may be older than it.
		this.#epoch += 1;
		this.#cursor = cursor;
		this.#apply({ kind: 'snapshot', rows });
		this.isWhole = rows.length < SURELY_WHOLE;
		// Accepted before the snapshot was taken, so it is in it.
		this.#outbox.retire(() => true);
		this.status = 'ready';
		this.#kept?.note('all');
		this.#observers.changed(null, []);
		this.#transport.start();
		this.#outbox.resume();
	}

	#connected(state: ConnectionState): void {
		if (state === this.connection.state) return;
		this.connection = { state, since: new Date() };
		if (state !== 'live') return;
		// What failed for want of a line need not sit out the wait that this had grown to.
		this.#outbox.wake();
		this.#observers.reconnected();
	}

	#halt(): void {
		this.#run?.abort();
		this.#run = null;
		this.#loading = null;
		this.#epoch += 1;
		this.#loader.retry();
		this.#loader.reset();
		this.#transport.stop();
		const kept = this.#kept;
		this.#kept = null;
		this.#outbox.clear();
		kept?.stop();
		this.#tab.leave();
		this.#seen.clear();
		this.#apply({ kind: 'snapshot', rows: [] });
		this.status = 'empty';
		this.#observers.changed(null, []);
	}
}

/** The store holds no descriptions: they may have megabytes. */
function rowOf({ description: _, ...row }: Issue): IssueRow {
	return row;
}

export const engine = new Engine(http, liveTransport);
