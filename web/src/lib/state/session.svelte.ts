import { anonymousFetch, api, ok, tokens } from '#lib/api/client.ts';
import { Problem } from '#lib/api/errors.ts';
import type { Attachment, Comment, IssueRow, User } from '#lib/api/types.ts';
import { engine } from '#lib/sync/engine.svelte.ts';

export type SessionStatus = 'starting' | 'anonymous' | 'signed-in' | 'expired';

/** Who was signed in here last, so that the page knows before the server answers, or while it can't. */
const REMEMBERED = 'signed-in-user';

/** Who uses the app, and what they may do. */
class Session {
	status = $state<SessionStatus>('starting');
	user = $state.raw<User | null>(null);
	/** Settles once it is known whether somebody is signed in. */
	readonly ready: Promise<void>;
	#known: () => void = () => undefined;

	constructor() {
		this.ready = new Promise((resolve) => (this.#known = resolve));
		tokens.onExpired = () => this.#expire();
		tokens.onForeign = () => this.#startOver();
		tokens.onGranted = () => this.#granted();
		engine.onReset = () => void this.#refreshUser();
	}

	/** How many own changes only this browser has; signing out would lose them. */
	get unsent(): number {
		return engine.unsent;
	}

	readonly can = {
		/** Set status, severity, tags, assignee, duplicate-of. */
		triage: (_issue?: IssueRow): boolean => this.#isStaff,
		/** Title and description. */
		edit: (issue: IssueRow): boolean => this.#isStaff || issue.reporter.id === this.user?.id,
		comment: (issue: IssueRow): boolean => this.#isStaff || issue.reporter.id === this.user?.id,
		editComment: (comment: Comment): boolean => comment.author.id === this.user?.id,
		deleteComment: (comment: Comment): boolean => this.#isAdmin || comment.author.id === this.user?.id,
		keepFile: (): boolean => this.#isStaff,
		deleteFile: (file: Attachment): boolean => this.#isAdmin || file.uploaded_by.id === this.user?.id,
		/** Delete issues, restore and purge them. */
		remove: (): boolean => this.#isAdmin,
		assign: (): boolean => this.#isStaff,
		manageUsers: (): boolean => this.#isAdmin,
		seeStatistics: (): boolean => this.#isStaff
	};

	get #isAdmin(): boolean {
		return this.user?.role === 'admin';
	}

	get #isStaff(): boolean {
		return this.#isAdmin || this.user?.role === 'maintainer';
	}

	/** Goes on with the session of this browser, if there is one. Called once, when the app starts. */
	async restore(): Promise<void> {
		const remembered = recall();
		if (!remembered) {
			this.status = 'anonymous';
			this.#known();
			return;
		}
		tokens.expect(remembered.id);
		// What this browser keeps is read meanwhile, but nobody sees it before the server has said who this is …
		void engine.start(remembered);
		try {
			await tokens.current();
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			if (error.status === 401) {
				await this.#leave('rows');
				this.#known();
				return;
			}
			// … or can't say: then it is shown to whoever used it last.
		}
		this.update(remembered);
		this.status = 'signed-in';
		this.#known();
		await this.#refreshUser();
	}

	/** Throws a `Problem`. */
	async signIn(email: string, password: string): Promise<void> {
		const before = this.user;
		tokens.adopt(await ok(api.POST('/users/token', { body: { email, password }, fetch: anonymousFetch })));
		if (before && before.id !== tokens.userId) {
			// What is on the screen and waits to be sent belongs to the other person.
			await engine.stop();
			this.user = null;
		}
		const user = await ok(api.GET('/users/me'));
		this.update(user);
		if (before?.id !== user.id) {
			this.status = 'signed-in';
			void engine.start(user);
		}
		tokens.announce();
	}

	/** Opens an account and signs in. Throws a `Problem`. */
	async register(account: { email: string; password: string; full_name: string }): Promise<void> {
		await ok(api.POST('/users/register', { body: account, fetch: anonymousFetch }));
		await this.signIn(account.email, account.password);
	}

	/** Ends the session, and deletes what this browser keeps of it. Throws a `Problem`. */
	async signOut(): Promise<void> {
		await this.#end('/users/logout');
	}

	/** The same on every device. */
	async signOutEverywhere(): Promise<void> {
		await this.#end('/users/logout/all');
	}

	async #end(path: '/users/logout' | '/users/logout/all'): Promise<void> {
		try {
			const headers = { Authorization: `Bearer ${await tokens.current()}` };
			tokens.end();
			await ok(api.POST(path, { headers, fetch: anonymousFetch }));
		} catch (error) {
			// The cookie is out of reach for scripts: without the server there is no signing out.
			if (!(error instanceof Problem) || error.status !== 401) {
				tokens.carryOn();
				engine.resume();
				throw error;
			}
		}
		tokens.forget();
		await this.#leave('all');
	}

	async #leave(forget: 'rows' | 'all'): Promise<void> {
		tokens.expect(null);
		localStorage.removeItem(REMEMBERED);
		await engine.stop({ forget });
		this.user = null;
		this.status = 'anonymous';
	}

	#expire(): void {
		if (this.status !== 'signed-in') return;
		this.status = 'expired';
		engine.suspend();
	}

	#granted(): void {
		if (this.status !== 'expired' || tokens.userId !== this.user?.id) return;
		this.status = 'signed-in';
		engine.resume();
	}

	/** This browser belongs to somebody else by now, or to nobody. */
	#startOver(): void {
		if (recall()?.id === (this.user?.id ?? tokens.userId)) localStorage.removeItem(REMEMBERED);
		location.reload();
	}

	async #refreshUser(): Promise<void> {
		try {
			this.update(await ok(api.GET('/users/me')));
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			// What we know of the person stays until the server can be asked.
		}
	}

	/** Takes over what the server says of the person. */
	update(user: User): void {
		this.user = user;
		localStorage.setItem(REMEMBERED, JSON.stringify(user));
	}
}

function recall(): User | null {
	const text = localStorage.getItem(REMEMBERED);
	return text === null ? null : (JSON.parse(text) as User);
}

export const session = new Session();
