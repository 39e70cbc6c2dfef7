import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '#lib/api/errors.ts';
import { aRow, anEvent } from '../../../tests/unit/builders.ts';
import { LiveTransport } from './live.ts';
import { SocketTransport, type SocketTokens } from './socket.ts';
import type { Transport, TransportHooks } from './transport.ts';

class FakeSocket {
	readonly CONNECTING = 0;
	readonly OPEN = 1;
	readyState = 0;
	sent: Record<string, unknown>[] = [];
	isClosed = false;
	onopen: (() => void) | null = null;
	onmessage: ((message: { data: string }) => void) | null = null;
	onclose: ((event: { code: number }) => void) | null = null;

	send(text: string): void {
		this.sent.push(JSON.parse(text) as Record<string, unknown>);
	}

	close(): void {
		this.isClosed = true;
	}

	async open(): Promise<void> {
		this.readyState = 1;
		this.onopen?.();
		await vi.advanceTimersByTimeAsync(0);
	}

	receive(frame: object): void {
		this.onmessage?.({ data: JSON.stringify(frame) });
	}

	async end(code: number): Promise<void> {
		this.onclose?.({ code });
		await vi.advanceTimersByTimeAsync(0);
	}
}

let sockets: FakeSocket[];
let cursor: string;
let hooks: TransportHooks;
let tokens: SocketTokens & { value: number };
let transport: SocketTransport;

function latest(): FakeSocket {
	const socket = sockets.at(-1);
	if (!socket) throw new Error('no socket was opened');
	return socket;
}

beforeEach(() => {
	vi.useFakeTimers();
	vi.spyOn(Math, 'random').mockReturnValue(0.999);
	sockets = [];
	cursor = 'c0';
	hooks = {
		cursor: () => cursor,
		events: vi.fn((_events, next: string) => void (cursor = next)),
		reset: vi.fn(),
		state: vi.fn()
	};
	tokens = {
		value: 1,
		expiresAt: Date.now() + 600_000,
		current() {
			return Promise.resolve(`token ${this.value}`);
		},
		renew() {
			this.value += 1;
			return this.current();
		}
	};
	transport = new SocketTransport(
		() => {
			const socket = new FakeSocket();
			sockets.push(socket);
			return socket as unknown as WebSocket;
		},
		tokens,
		hooks
	);
	transport.start();
});

afterEach(() => {
	transport.stop();
	vi.useRealTimers();
});

describe('SocketTransport', () => {
	it('lets a socket open before it closes it', async () => {
		transport.start();
		const socket = latest();
		transport.stop();
		expect(socket.isClosed).toBe(false);
		await socket.open();
		expect(socket.isClosed).toBe(true);
		expect(socket.sent).toEqual([]);
	});

	it('says in the first frame who it is and where it was, and brings events in', async () => {
		await latest().open();
		expect(latest().sent).toEqual([{ type: 'auth', token: 'token 1', cursor: 'c0' }]);
		const events = [anEvent({ issue: aRow() })];
		latest().receive({ type: 'events', cursor: 'c1', events });
		latest().receive({ type: 'ready', cursor: 'c1' });
		expect(hooks.events).toHaveBeenCalledWith(events, 'c1');
		expect(hooks.state).toHaveBeenLastCalledWith('live');
	});

	it('comes back with the cursor it had, later each time', async () => {
		await latest().open();
		latest().receive({ type: 'ready', cursor: 'c0' });
		latest().receive({ type: 'heartbeat', cursor: 'c5' });
		await latest().end(1012);
		expect(hooks.state).toHaveBeenLastCalledWith('reconnecting');
		await vi.advanceTimersByTimeAsync(250);
		expect(sockets).toHaveLength(2);
		await latest().end(1006);
		await vi.advanceTimersByTimeAsync(250);
		expect(sockets).toHaveLength(2);
		await vi.advanceTimersByTimeAsync(250);
		expect(sockets).toHaveLength(3);
		await latest().open();
		expect(latest().sent[0]).toMatchObject({ cursor: 'c5' });
	});

	it('never waits longer than 15 s', async () => {
		for (let attempt = 0; attempt < 12; attempt += 1) {
			await latest().end(1006);
			await vi.advanceTimersByTimeAsync(15_000);
		}
		expect(sockets).toHaveLength(13);
	});

	it('tries at once when woken', async () => {
		for (let attempt = 0; attempt < 8; attempt += 1) {
			await latest().end(1006);
			transport.wake();
		}
		expect(sockets).toHaveLength(9);
		// And what it was waiting for does not come on top.
		await vi.advanceTimersByTimeAsync(20_000);
		expect(sockets).toHaveLength(9);
	});

	it('begins anew after 45 s of silence', async () => {
		const first = latest();
		await first.open();
		first.receive({ type: 'ready', cursor: 'c0' });
		await vi.advanceTimersByTimeAsync(44_000);
		first.receive({ type: 'heartbeat', cursor: 'c0' });
		await vi.advanceTimersByTimeAsync(44_000);
		expect(first.isClosed).toBe(false);
		await vi.advanceTimersByTimeAsync(1_500);
		expect(first.isClosed).toBe(true);
		expect(sockets).toHaveLength(2);
	});

	it('does not trust a line that was silent while the machine slept', async () => {
		await latest().open();
		latest().receive({ type: 'ready', cursor: 'c0' });
		vi.setSystemTime(Date.now() + 3_600_000);
		transport.wake();
		expect(sockets).toHaveLength(2);
	});

	it('knows that it is offline when the browser does', async () => {
		await latest().open();
		latest().receive({ type: 'ready', cursor: 'c0' });
		const onLine = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
		transport.wake();
		expect(hooks.state).toHaveBeenLastCalledWith('offline');
		onLine.mockReturnValue(true);
		transport.wake();
		expect(sockets).toHaveLength(2);
	});

	it('sends a fresh token before the old one ends', async () => {
		await latest().open();
		latest().receive({ type: 'ready', cursor: 'c0' });
		for (let minute = 0; minute < 9; minute += 1) {
			await vi.advanceTimersByTimeAsync(30_000);
			latest().receive({ type: 'heartbeat', cursor: 'c1' });
			await vi.advanceTimersByTimeAsync(30_000);
			latest().receive({ type: 'heartbeat', cursor: 'c1' });
		}
		expect(latest().sent).toEqual([
			{ type: 'auth', token: 'token 1', cursor: 'c0' },
			{ type: 'auth', token: 'token 2', cursor: null }
		]);
		expect(sockets).toHaveLength(1);
	});

	it('gets a new token when the server says that it is not signed in', async () => {
		await latest().open();
		await latest().end(4401);
		await vi.advanceTimersByTimeAsync(250);
		await latest().open();
		expect(latest().sent[0]).toMatchObject({ token: 'token 2' });
	});

	it('waits for better times when there is no token to be had', async () => {
		tokens.current = () => Promise.reject(new Problem({ title: '', status: 503, detail: '' }));
		await latest().open();
		expect(latest().isClosed).toBe(true);
		await latest().end(1006);
		await vi.advanceTimersByTimeAsync(250);
		expect(sockets).toHaveLength(2);
	});

	it('passes a reset on', async () => {
		await latest().open();
		latest().receive({ type: 'reset', cursor: 'c9' });
		expect(hooks.reset).toHaveBeenCalledTimes(1);
	});

	it('is silent after stop', async () => {
		const socket = latest();
		await socket.open();
		transport.stop();
		expect(socket.isClosed).toBe(true);
		await vi.advanceTimersByTimeAsync(60_000);
		expect(sockets).toHaveLength(1);
	});
});

describe('LiveTransport', () => {
	it('asks by HTTP while no socket gets through, and stops when one does', async () => {
		const polling: Transport = { start: vi.fn(), stop: vi.fn(), wake: vi.fn() };
		const live = new LiveTransport(
			(inner) => {
				transport = new SocketTransport(
					() => {
						const socket = new FakeSocket();
						sockets.push(socket);
						return socket as unknown as WebSocket;
					},
					tokens,
					inner
				);
				return transport;
			},
			() => polling,
			hooks
		);
		live.start();
		for (let attempt = 0; attempt < 2; attempt += 1) {
			await latest().end(1006);
			await vi.advanceTimersByTimeAsync(1_000);
		}
		expect(polling.start).not.toHaveBeenCalled();
		await latest().end(1006);
		expect(polling.start).toHaveBeenCalledTimes(1);
		await vi.advanceTimersByTimeAsync(2_000);
		vi.mocked(polling.stop).mockClear();
		await latest().open();
		latest().receive({ type: 'ready', cursor: 'c0' });
		expect(polling.stop).toHaveBeenCalled();
		expect(hooks.state).toHaveBeenLastCalledWith('live');
		live.stop();
	});
});
