import { Problem } from '#lib/api/errors.ts';
import type { Issue } from '#lib/api/types.ts';
import { Backoff } from '#lib/utils/backoff.ts';
import { carriedOn, rebase } from './rebase.ts';
import type { Answer, Conflict, Entry, Outcome } from './types.ts';

/** Where entries outlive the page. */
export interface EntryStore {
	put(entry: Entry): void;
	remove(key: string): void;
}

export interface OutboxHooks {
	send(entry: Entry, signal: AbortSignal): Promise<Answer>;
	/** What is pending changed: fold anew. */
	changed(): void;
	/** The server carried an entry out. */
	accepted(entry: Entry, answer: Answer): void;
	/** The server will never carry this entry out. */
	refused(entry: Entry, problem: Problem): void;
}

/** Bulk edits go out side by side; what concerns one issue stays in order. */
const LANES = 4;

/**
 * Own mutations on their way to the server.
 *
 * Each entry is sent until it is accepted or refused, under one Idempotency-Key. An accepted one stays until
 * its events came in, so that what the person sees doesn't fall back in between.
 */
export class Outbox {
	/** In the order in which they were made. */
	entries = $state.raw<readonly Entry[]>([]);
	/** Edits that met somebody else's and wait for the person's decision. */
	#conflicts = $state.raw<readonly Entry[]>([]);

	readonly #store: EntryStore;
	readonly #hooks: OutboxHooks;
	readonly #inFlight = new Map<string, AbortController>();
	readonly #outcomes = new Map<string, (outcome: Outcome) => void>();
	readonly #backoff = new Backoff(500, 30_000);
	#timer: ReturnType<typeof setTimeout> | undefined;
	#held = true;

	constructor(store: EntryStore, hooks: OutboxHooks) {
		this.#store = store;
		this.#hooks = hooks;
	}

	get conflicts(): Conflict[] {
		return this.#conflicts.flatMap(conflictOf);
	}

	/** How many would be lost if they could never be sent. */
	get unsent(): number {
		return this.entries.filter(({ answer }) => !answer).length + this.#conflicts.length;
	}

	/** What an earlier page left behind. */
	adopt(entries: readonly Entry[]): void {
		this.#conflicts = [...this.#conflicts, ...entries.filter(({ theirs }) => theirs)];
		this.#set([...entries.filter(({ theirs }) => !theirs), ...this.entries]);
	}

	add(entry: Entry): Promise<Outcome> {
		this.#store.put(entry);
		const outcome = new Promise<Outcome>((resolve) => this.#outcomes.set(entry.key, resolve));
		this.#set([...this.entries, entry]);
		this.#pump();
		return outcome;
	}

	/** Ends a conflict; what is to be saved instead is a new entry. */
	settle(key: string): Conflict | undefined {
		const entry = this.#conflicts.find((other) => other.key === key);
		this.#conflicts = this.#conflicts.filter((other) => other.key !== key);
		this.#store.remove(key);
		return entry && conflictOf(entry)[0];
	}

	/** Lets go of accepted entries whose outcome is in what the server told since. */
	retire(isDone: (entry: Entry, answer: Answer) => boolean): void {
		const rest = this.entries.filter((entry) => !entry.answer || !isDone(entry, entry.answer));
		if (rest.length < this.entries.length) this.#set(rest);
	}

	/** Sends nothing until `resume`, and takes back what is under way: it will be sent again. */
	hold(): void {
		this.#held = true;
		clearTimeout(this.#timer);
		for (const request of this.#inFlight.values()) request.abort();
		this.#inFlight.clear();
	}

	resume(): void {
		this.#held = false;
		this.wake();
	}

	/** Tries at once, because things may have got better. */
	wake(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#pump();
	}

	/** Forgets everything, here but not in the store. */
	clear(): void {
		this.hold();
		for (const resolve of this.#outcomes.values()) resolve({ state: 'withdrawn' });
		this.#outcomes.clear();
		this.#conflicts = [];
		this.#set([]);
	}

	#pump(): void {
		if (this.#held || this.#timer !== undefined) return;
		const taken = new Set<number>();
		for (const entry of this.entries) {
			if (entry.answer) continue;
			// Issues are opened one by one, so that their numbers follow the order of filing.
			const lane = entry.mutation.kind === 'open' ? 0 : entry.issueId;
			const isFree = !taken.has(lane) && !taken.has(entry.issueId);
			taken.add(lane).add(entry.issueId);
			if (isFree && !this.#inFlight.has(entry.key) && this.#inFlight.size < LANES) void this.#send(entry);
		}
	}

	async #send(entry: Entry): Promise<void> {
		const request = new AbortController();
		this.#inFlight.set(entry.key, request);
		try {
			const answer = await this.#hooks.send(entry, request.signal);
			if (request.signal.aborted) return;
			this.#backoff.reset();
			this.#accept(entry, answer);
		} catch (error) {
			if (request.signal.aborted) return;
			this.#fail(entry, error);
		} finally {
			if (this.#inFlight.get(entry.key) === request) this.#inFlight.delete(entry.key);
			this.#pump();
		}
	}

	#accept(entry: Entry, answer: Answer): void {
		this.#store.remove(entry.key);
		const issueId = answer.issue?.id ?? entry.issueId;
		const done: Entry = { ...entry, issueId, answer };
		this.entries = this.entries.map((other) => {
			if (other.key === entry.key) return done;
			if (other.answer || other.issueId !== entry.issueId) return other;
			const next = carriedOn({ ...other, issueId }, done);
			this.#store.put(next);
			return next;
		});
		this.#hooks.accepted(done, answer);
		this.#finish(entry.key, { state: 'done', id: issueId, answer });
	}

	#fail(entry: Entry, error: unknown): void {
		if (!(error instanceof Problem)) {
			this.#refuse(entry, new Problem({ title: 'Failed', status: 400, detail: String(error) }));
			throw error;
		}
		if (error.status === 401) {
			// Not the entry's fault. Whoever signs in again resumes.
			this.#held = true;
		} else if (error.isTemporary) {
			const delay = Math.max(error.retryAfter ?? 0, this.#backoff.next());
			this.#timer ??= setTimeout(() => this.wake(), delay);
		} else if (error.status === 412 && error.issue) {
			this.#meet(entry, error.issue);
		} else {
			this.#refuse(entry, error);
		}
	}

	/** Somebody else changed the issue first. */
	#meet(entry: Entry, theirs: Issue): void {
		if (entry.mutation.kind !== 'edit') return;
		const changes = rebase(entry.mutation, theirs);
		if (changes) {
			// Another body under the same key would be refused. The old one was not carried out: this is its refusal.
			const next: Entry = {
				...entry,
				key: `${entry.key.replace(/\.\d+$/, '')}.${theirs.version}`,
				version: theirs.version,
				mutation: { ...entry.mutation, changes, before: theirs }
			};
			this.#store.remove(entry.key);
			this.#store.put(next);
			this.#outcomes.set(next.key, this.#outcomes.get(entry.key) ?? (() => undefined));
			this.#outcomes.delete(entry.key);
			this.#set(this.entries.map((other) => (other.key === entry.key ? next : other)));
			return;
		}
		const met: Entry = { ...entry, theirs };
		this.#store.put(met);
		this.#conflicts = [...this.#conflicts, met];
		this.#set(this.entries.filter(({ key }) => key !== entry.key));
		for (const conflict of conflictOf(met)) this.#finish(entry.key, { state: 'conflict', conflict });
	}

	/** What was to be done to an issue that is refused falls with it. */
	#refuse(entry: Entry, problem: Problem): void {
		const fallen = this.entries.filter(
			({ key, issueId }) => key === entry.key || (issueId < 0 && issueId === entry.issueId)
		);
		this.#set(this.entries.filter((other) => !fallen.includes(other)));
		for (const { key } of fallen) {
			this.#store.remove(key);
			this.#finish(key, { state: 'refused', problem });
		}
		this.#hooks.refused(entry, problem);
	}

	#finish(key: string, outcome: Outcome): void {
		this.#outcomes.get(key)?.(outcome);
		this.#outcomes.delete(key);
	}

	#set(entries: readonly Entry[]): void {
		this.entries = entries;
		this.#hooks.changed();
	}
}

function conflictOf({ key, issueId, mutation, theirs }: Entry): Conflict[] {
	if (mutation.kind !== 'edit' || !theirs) return [];
	return [{ key, id: issueId, mine: mutation.changes, before: mutation.before ?? {}, theirs }];
}
