import { goto } from '$app/navigation';
import { resolve } from '$app/paths';
import { Problem } from '#lib/api/errors.ts';
import { upload } from '#lib/api/upload.ts';
import { notify } from '#lib/state/notices.svelte.ts';
import { details } from '#lib/sync/details.svelte.ts';
import { engine } from '#lib/sync/engine.svelte.ts';
import { Backoff } from '#lib/utils/backoff.ts';
import { randomId } from '#lib/utils/platform.ts';
import { ACCEPTED, cleanName, explainUpload, freeName, isTaken } from './files.ts';
import { unfinished } from './unfinished.ts';

/** Where files wait whose issue is still being written. */
export const DRAFT = 0;
/** The server takes three at once of one person; another tab may want one as well. */
const LANES = 2;

/** A file on its way to an issue. */
export class Upload {
	readonly key = randomId();
	/** Whoever signs in after them has nothing to do with it. */
	readonly userId = engine.viewer.id;
	readonly name: string;
	readonly file: File;
	/** Zero or below while the server has not named the issue. */
	issueId = $state(DRAFT);
	/** `paused` goes on by itself; `failed` needs somebody to decide. */
	state = $state<'waiting' | 'sending' | 'paused' | 'failed'>('waiting');
	progress = $state(0);
	problem = $state.raw<Problem | null>(null);
	request: AbortController | null = null;

	constructor(issueId: number, name: string, file: File) {
		this.issueId = issueId;
		this.name = name;
		this.file = file;
	}
}

/** All files under way. They belong to the app, not to a page: going elsewhere in it stops none. */
class Uploads {
	#all = $state.raw<readonly Upload[]>([]);
	readonly #backoff = new Backoff(1_000, 30_000);
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor() {
		engine.observe({ reconnected: () => this.#goOn() });
	}

	/** How many would be lost with the page. */
	get unfinished(): number {
		return this.#all.length;
	}

	of(issueId: number): readonly Upload[] {
		return this.#all.filter((each) => each.issueId === issueId);
	}

	/** Sends files to an issue, or has them wait for one. Answers those that go, under the names that they get. */
	add(issueId: number, files: readonly File[]): readonly Upload[] {
		const refused = files.filter((file) => !isTaken(file)).map(({ name }) => cleanName(name));
		if (refused.length > 0) {
			notify.failure(
				`Not attached: ${refused.join(', ')}`,
				`Files may be ${ACCEPTED.replaceAll('.', '').replaceAll(',', ', ')}. A ZIP of anything is fine.`
			);
		}
		const present = issueId > 0 ? (details.files(issueId).data ?? []) : [];
		const taken = new Set([...present, ...this.of(issueId)].map(({ name }) => name));
		const added = files.filter(isTaken).map((file) => {
			const name = freeName(cleanName(file.name), taken);
			taken.add(name);
			return new Upload(issueId, name, file);
		});
		this.#all = [...this.#all, ...added];
		this.#pump();
		return added;
	}

	/** The issue got its number, or went back to being a draft. */
	move(from: number, to: number): void {
		for (const each of this.of(from)) each.issueId = to;
		this.#pump();
	}

	cancel(each: Upload): void {
		this.#remove(each);
		each.request?.abort();
		this.#pump();
	}

	cancelAll(issueId?: number): void {
		for (const each of this.#all) if (issueId === undefined || each.issueId === issueId) this.cancel(each);
	}

	retry(each: Upload): void {
		Object.assign(each, { state: 'waiting', progress: 0, problem: null });
		this.#pump();
	}

	#goOn(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		for (const each of this.#all) if (each.userId !== engine.viewer.id) this.cancel(each);
		for (const each of this.#all) if (each.state === 'paused') each.state = 'waiting';
		this.#pump();
	}

	#pump(): void {
		const free = LANES - this.#all.filter(({ state }) => state === 'sending').length;
		const next = this.#all.filter(
			({ state, issueId, userId }) => state === 'waiting' && issueId > 0 && userId === engine.viewer.id
		);
		for (const each of next.slice(0, Math.max(0, free))) void this.#send(each);
	}

	async #send(each: Upload): Promise<void> {
		const request = new AbortController();
		each.request = request;
		each.state = 'sending';
		const { issueId, file, name, key } = each;
		try {
			const attached = await upload({
				issueId,
				file,
				name,
				key,
				signal: request.signal,
				onprogress: (part) => (each.progress = part)
			});
			this.#backoff.reset();
			details.attached(issueId, attached);
			this.#remove(each);
			notify.announce(`Attached ${name}`);
		} catch (error) {
			if (request.signal.aborted) return;
			if (!(error instanceof Problem)) throw error;
			this.#fail(each, error);
		} finally {
			this.#pump();
		}
	}

	#fail(each: Upload, problem: Problem): void {
		each.problem = problem;
		each.progress = 0;
		// A full disk does not heal by itself, and a new sign-in brings the feed back.
		const heals = problem.isTemporary && problem.status !== 507;
		each.state = heals || problem.status === 401 ? 'paused' : 'failed';
		if (heals) {
			const wait = Math.max(problem.retryAfter ?? 0, this.#backoff.next());
			this.#timer ??= setTimeout(() => this.#goOn(), wait);
		} else if (each.state === 'failed') {
			const { title, hint } = explainUpload(problem);
			const id = String(each.issueId);
			notify.failure(`${each.name} was not attached to #${id}: ${title.toLowerCase()}`, hint, {
				label: 'Open',
				run: () => void goto(resolve('/(app)/issues/[id=issue]', { id }))
			});
		}
	}

	#remove(each: Upload): void {
		this.#all = this.#all.filter((other) => other !== each);
	}
}

export const uploads = new Uploads();
unfinished.count = () => uploads.unfinished;
