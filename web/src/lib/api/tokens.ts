import { exclusively } from '#lib/utils/platform.ts';
import { takeEarly } from './early.ts';
import { Problem } from './errors.ts';

/** What `POST /users/token` and its refresh answer. */
export interface Grant {
	access_token: string;
	expires_in: number;
}

interface AccessToken {
	value: string;
	userId: number;
	/** In the clock of this machine, in milliseconds. */
	expiresAt: number;
}

type Message = { type: 'token'; token: AccessToken } | { type: 'signed-out' };

/** A token that ends sooner than this is renewed before it is used. */
const MARGIN = 30_000;
const TIMEOUT = 15_000;

/**
 * The access token of this tab: in memory only, renewed through the HttpOnly refresh cookie.
 *
 * The cookie is the browser's, the token the tab's. Two tabs that renew at once would use one cookie twice, so
 * they take turns and tell each other what they got. And the cookie may meanwhile belong to somebody else,
 * who signed in in another tab: a token of another person is never used for what this tab shows.
 */
export class AccessTokens {
	/** The server ended the session: sign in again. */
	onExpired: () => void = () => undefined;
	/** Another tab signed out, or in as somebody else: what this tab shows is nobody's any more. */
	onForeign: () => void = () => undefined;
	/** There is a token again, possibly thanks to another tab. */
	onGranted: () => void = () => undefined;

	#token: AccessToken | null = null;
	#isEnding = false;
	#underWay = new AbortController();
	#userId: number | null = null;
	#renewal: Promise<AccessToken> | null = null;
	readonly #fetch: typeof fetch;
	readonly #channel = new BroadcastChannel('access-token');

	constructor(fetchFunction: typeof fetch = (input, init) => fetch(input, init)) {
		this.#fetch = fetchFunction;
		this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
	}

	/** Whom this tab acts for; a token of anybody else is refused from here on. */
	get userId(): number | null {
		return this.#userId;
	}

	/** When the present token ends, in milliseconds of this machine's clock. */
	get expiresAt(): number | null {
		return this.#token?.expiresAt ?? null;
	}

	/** Aborted when the session is being ended: what is under way would only be refused. */
	get signal(): AbortSignal {
		return this.#underWay.signal;
	}

	/** Begins to act for whoever this token is for. The other tabs hear of it by `announce`. */
	adopt(grant: Grant): void {
		this.#token = read(grant);
		this.#userId = this.#token.userId;
		this.#isEnding = false;
	}

	announce(): void {
		if (this.#token) this.#keep(this.#token);
	}

	/** Says for whom this tab was before it was reloaded; null for nobody. */
	expect(userId: number | null): void {
		this.#userId = userId;
		if (userId !== null) this.#isEnding = false;
	}

	/** The session is being ended: takes back what is under way, and gives nobody a token any more. */
	end(): void {
		this.#isEnding = true;
		this.#underWay.abort();
		this.#underWay = new AbortController();
	}

	/** It could not be ended. */
	carryOn(): void {
		this.#isEnding = false;
	}

	/** Forgets the token, in all tabs. */
	forget(): void {
		this.#token = null;
		this.#userId = null;
		this.#tell({ type: 'signed-out' });
	}

	/** Hears and tells nothing more. */
	close(): void {
		this.#channel.close();
	}

	/** A token that is good for a while. Throws a `Problem`. */
	async current(): Promise<string> {
		if (this.#isEnding) throw signedOut();
		if (this.#token && this.#token.expiresAt - Date.now() > MARGIN) return this.#token.value;
		return await this.renew(this.#token?.value);
	}

	/** A token other than `used`, which the server did not take or soon won't. Throws a `Problem`. */
	async renew(used?: string): Promise<string> {
		if (this.#isEnding) throw signedOut();
		if (this.#token && this.#token.value !== used && this.#token.expiresAt - Date.now() > MARGIN) {
			return this.#token.value;
		}
		this.#renewal ??= exclusively('token-refresh', () => this.#refresh(used)).finally(() => {
			this.#renewal = null;
		});
		return (await this.#renewal).value;
	}

	async #refresh(used: string | undefined): Promise<AccessToken> {
		// While this tab waited for its turn, another one may have told what it got.
		if (this.#token && this.#token.value !== used && this.#token.expiresAt - Date.now() > MARGIN) {
			return this.#token;
		}
		const token = read(await this.#request());
		if (this.#userId !== null && token.userId !== this.#userId) {
			this.onForeign();
			throw new Problem({ title: 'Signed in as somebody else', status: 401, detail: 'Reload the page.' });
		}
		this.#userId = token.userId;
		return this.#keep(token);
	}

	async #request(): Promise<Grant> {
		let response: Response;
		try {
			response = await (takeEarly('grant') ??
				this.#fetch('/api/users/token/refresh', {
					method: 'POST',
					// The cookie is used up once the server has it: the answer must be kept even if the page goes.
					keepalive: true,
					signal: AbortSignal.timeout(TIMEOUT)
				}));
			if (response.ok) return (await response.json()) as Grant;
		} catch (error) {
			throw Problem.unreachable(error);
		}
		if (response.status === 401) {
			this.#token = null;
			this.onExpired();
		}
		throw await Problem.of(response);
	}

	#keep(token: AccessToken): AccessToken {
		this.#token = token;
		this.#tell({ type: 'token', token });
		this.onGranted();
		return token;
	}

	#tell(message: Message): void {
		this.#channel.postMessage(message);
	}

	#hear(message: Message): void {
		if (this.#userId === null) return;
		if (message.type === 'signed-out' || message.token.userId !== this.#userId) {
			this.#token = null;
			this.onForeign();
		} else {
			this.#token = message.token;
			this.onGranted();
		}
	}
}

function signedOut(): Problem {
	return new Problem({ title: 'Signed out', status: 401, detail: 'Sign in again.' });
}

function read(grant: Grant): AccessToken {
	return {
		value: grant.access_token,
		userId: subjectOf(grant.access_token),
		expiresAt: Date.now() + grant.expires_in * 1000
	};
}

/** Whom a token is for. Only the server can check it; here it tells tabs apart. */
function subjectOf(token: string): number {
	const payload = token.split('.')[1] ?? '';
	const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
	return Number((claims as { sub: string }).sub);
}
