import 'fake-indexeddb/auto';
import { vi } from 'vitest';
import { Engine } from '#lib/sync/engine.svelte.ts';
import { LiveTransport } from '#lib/sync/live.ts';
import { PollingTransport } from '#lib/sync/polling.ts';
import { SocketTransport } from '#lib/sync/socket.ts';
import { ann } from './builders.ts';
import type { Random } from './random.ts';
import type { SimServer } from './sim-server.ts';
import { SimSocket } from './sim-socket.ts';

const immediately = setImmediate;

/** Lets time pass for everything: timers, promises and the (simulated) IndexedDB, which uses real turns. */
export async function pass(milliseconds: number): Promise<void> {
	for (let rest = milliseconds; rest > 0; rest -= 50) {
		await vi.advanceTimersByTimeAsync(Math.min(rest, 50));
		await new Promise((resolve) => immediately(resolve));
	}
	for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => immediately(resolve));
}

export function anEngine(server: SimServer): Engine {
	const backend = server.backend(ann);
	return new Engine(backend, (hooks) => new PollingTransport(backend, hooks));
}

/** One that hears by socket, and asks only when no socket gets through. */
export function aLiveEngine(server: SimServer, random: Random): Engine {
	const backend = server.backend(ann);
	const tokens = { current: () => Promise.resolve('t'), renew: () => Promise.resolve('t'), expiresAt: null };
	const open = () => new SimSocket(server, random) as unknown as WebSocket;
	return new Engine(
		backend,
		(hooks) =>
			new LiveTransport(
				(inner) => new SocketTransport(open, tokens, inner),
				(inner) => new PollingTransport(backend, inner),
				hooks
			)
	);
}

/** Makes time a thing of the tests, but for the turns that the (simulated) IndexedDB takes. */
export function startClock(): void {
	vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
	vi.setSystemTime('2026-01-01T01:00:00Z');
}

export async function stopClock(): Promise<void> {
	vi.useRealTimers();
	for (const { name } of await indexedDB.databases()) if (name) indexedDB.deleteDatabase(name);
}
