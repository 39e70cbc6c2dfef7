import type { TrackerEvent } from '#lib/api/types.ts';

export type ConnectionState = 'live' | 'reconnecting' | 'offline';

export interface TransportHooks {
	/** Up to where everything is known. */
	cursor(): string;
	/** What happened, in order, and the cursor after it. */
	events(events: readonly TrackerEvent[], cursor: string): void;
	/** The server can't go on from the cursor: load everything anew and start again. */
	reset(): void;
	state(state: ConnectionState): void;
}

/** Brings the event feed in. What it misses while away it fetches by the cursor. */
export interface Transport {
	start(): void;
	stop(): void;
	/** There may be news, or the network may have gone or come. */
	wake(): void;
}

/** How the connection is called while nothing comes through. */
export function stateWithoutAnswer(): ConnectionState {
	return navigator.onLine ? 'reconnecting' : 'offline';
}
