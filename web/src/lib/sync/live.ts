import { tokens } from '#lib/api/client.ts';
import { http } from './http.ts';
import { PollingTransport } from './polling.ts';
import { SocketTransport } from './socket.ts';
import type { Transport, TransportHooks } from './transport.ts';

/** After so many sockets that never got to work, ask by HTTP meanwhile. */
const PATIENCE = 2;

interface Socket extends Transport {
	readonly attempts: number;
}

/**
 * The socket, and polling for as long as there is no getting through by it: some proxies let HTTP pass and
 * nothing else.
 */
export class LiveTransport implements Transport {
	readonly #socket: Socket;
	readonly #polling: Transport;
	#isPolling = false;

	constructor(
		createSocket: (hooks: TransportHooks) => Socket,
		createPolling: (hooks: TransportHooks) => Transport,
		hooks: TransportHooks
	) {
		this.#socket = createSocket({
			...hooks,
			state: (state) => {
				if (state === 'live') this.#stopPolling();
				else if (this.#socket.attempts >= PATIENCE) this.#startPolling();
				if (!this.#isPolling) hooks.state(state);
			}
		});
		this.#polling = createPolling(hooks);
	}

	start(): void {
		this.#stopPolling();
		this.#socket.start();
	}

	stop(): void {
		this.#stopPolling();
		this.#socket.stop();
	}

	wake(): void {
		this.#socket.wake();
		if (this.#isPolling) this.#polling.wake();
	}

	#startPolling(): void {
		if (this.#isPolling) return;
		this.#isPolling = true;
		this.#polling.start();
	}

	#stopPolling(): void {
		this.#isPolling = false;
		this.#polling.stop();
	}
}

/** The event feed of this page's server. */
export function liveTransport(hooks: TransportHooks): Transport {
	const address = new URL('/api/ws', location.href.replace(/^http/, 'ws'));
	return new LiveTransport(
		(socketHooks) => new SocketTransport(() => new WebSocket(address), tokens, socketHooks),
		(pollingHooks) => new PollingTransport(http, pollingHooks),
		hooks
	);
}
