import { Problem } from '#lib/api/errors.ts';
import type { TrackerEvent } from '#lib/api/types.ts';
import { Backoff } from '#lib/utils/backoff.ts';
import { stateWithoutAnswer, type Transport, type TransportHooks } from './transport.ts';

/** The access token, as the socket needs it. */
export interface SocketTokens {
	current(): Promise<string>;
	renew(used: string): Promise<string>;
	readonly expiresAt: number | null;
}

type Frame =
	| { type: 'ready' | 'heartbeat' | 'reset'; cursor: string }
	| { type: 'events'; cursor: string; events: TrackerEvent[] };

const FIRST_WAIT = 250;
const LONGEST_WAIT = 15_000;
/** The server sends a heartbeat every 20 s: after this silence the line is dead, whatever the system says. */
const SILENCE = 45_000;
/** After waking up, so much silence is enough to rather begin anew. */
const SUSPICIOUS_SILENCE = 25_000;
/** The fresh token is sent this long before the old one ends. */
const AUTH_MARGIN = 60_000;

const NOT_SIGNED_IN = 4401;

/** The event feed over `/ws`: one socket a tab, kept up for as long as it is wanted. */
export class SocketTransport implements Transport {
	readonly #open: () => WebSocket;
	readonly #tokens: SocketTokens;
	readonly #hooks: TransportHooks;
	readonly #backoff = new Backoff(FIRST_WAIT, LONGEST_WAIT);
	#socket: WebSocket | null = null;
	#running = false;
	#token = '';
	#heardAt = 0;
	#reconnect: ReturnType<typeof setTimeout> | undefined;
	#watchdog: ReturnType<typeof setTimeout> | undefined;
	#renewal: ReturnType<typeof setTimeout> | undefined;

	constructor(open: () => WebSocket, tokens: SocketTokens, hooks: TransportHooks) {
		this.#open = open;
		this.#tokens = tokens;
		this.#hooks = hooks;
	}

	/** How often it was tried since it last worked. */
	get attempts(): number {
		return this.#backoff.attempts;
	}

	start(): void {
		this.stop();
		this.#running = true;
		this.#connect();
	}

	stop(): void {
		this.#running = false;
		clearTimeout(this.#reconnect);
		this.#drop();
	}

	wake(): void {
		if (!this.#running) return;
		if (this.#socket && !navigator.onLine) {
			// A cable that is pulled out closes nothing.
			void this.#closed(this.#socket, 1006);
			return;
		}
		const isSilent = this.#heardAt > 0 && Date.now() - this.#heardAt > SUSPICIOUS_SILENCE;
		if (!this.#socket || isSilent) this.#connect();
	}

	#connect(): void {
		clearTimeout(this.#reconnect);
		this.#drop();
		const socket = this.#open();
		this.#socket = socket;
		this.#heardAt = 0;
		this.#watch();
		socket.onopen = () => void this.#authenticate(socket, this.#hooks.cursor());
		socket.onmessage = ({ data }: MessageEvent<string>) => this.#receive(socket, JSON.parse(data) as Frame);
		socket.onclose = ({ code }) => void this.#closed(socket, code);
	}

	async #authenticate(socket: WebSocket, cursor: string | null): Promise<void> {
		try {
			this.#token = await this.#tokens.current();
		} catch (error) {
			// Signed out is for the session to say, and this transport will be stopped. Anything else passes.
			if (!(error instanceof Problem)) throw error;
			socket.close();
			return;
		}
		if (socket !== this.#socket || socket.readyState !== socket.OPEN) return;
		socket.send(JSON.stringify({ type: 'auth', token: this.#token, cursor }));
		clearTimeout(this.#renewal);
		const end = this.#tokens.expiresAt;
		if (end === null) return;
		const wait = Math.max(0, end - Date.now() - AUTH_MARGIN);
		this.#renewal = setTimeout(() => void this.#reauthenticate(socket), wait);
	}

	/** With a fresh token, before the server closes because of the old one. */
	async #reauthenticate(socket: WebSocket): Promise<void> {
		try {
			await this.#tokens.renew(this.#token);
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			return; // The server will close when the old one ends; then it is tried anew.
		}
		await this.#authenticate(socket, null);
	}

	#receive(socket: WebSocket, frame: Frame): void {
		if (socket !== this.#socket) return;
		this.#heardAt = Date.now();
		this.#watch();
		switch (frame.type) {
			case 'ready':
				this.#backoff.reset();
				this.#hooks.events([], frame.cursor);
				this.#hooks.state('live');
				break;
			case 'events':
				this.#hooks.events(frame.events, frame.cursor);
				break;
			case 'heartbeat':
				this.#hooks.events([], frame.cursor);
				break;
			case 'reset':
				this.#hooks.reset();
				break;
		}
	}

	async #closed(socket: WebSocket, code: number): Promise<void> {
		if (socket !== this.#socket) return;
		this.#drop();
		this.#hooks.state(stateWithoutAnswer());
		if (code === NOT_SIGNED_IN) {
			// The token may just be old. Whether the session still lives, the refresh tells.
			await this.#tokens.renew(this.#token).catch(() => undefined);
		}
		if (this.#isWaiting()) this.#reconnect = setTimeout(() => this.#connect(), this.#backoff.next());
	}

	/** Wanted, and not already tried again by `wake`. */
	#isWaiting(): boolean {
		return this.#running && !this.#socket;
	}

	#watch(): void {
		clearTimeout(this.#watchdog);
		const socket = this.#socket;
		// A dead line may never say that it closed.
		this.#watchdog = setTimeout(() => socket && void this.#closed(socket, 1006), SILENCE);
	}

	#drop(): void {
		clearTimeout(this.#watchdog);
		clearTimeout(this.#renewal);
		const socket = this.#socket;
		this.#socket = null;
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		// Closing one that is not open yet is an error on the console.
		if (socket.readyState === socket.CONNECTING) socket.onopen = () => socket.close();
		else socket.close();
	}
}
