/**
 * What browsers offer only in secure contexts, with what to do elsewhere: many installations run as plain
 * http:// in somebody's own network.
 */

/** 128 random bits; `crypto.randomUUID` needs a secure context, this does not. */
export function randomId(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
		byte.toString(16).padStart(2, '0')
	).join('');
}

/** Runs `task` while no other tab runs one of the same name; without the Web Locks API tabs may overlap. */
export async function exclusively<T>(name: string, task: () => Promise<T>): Promise<T> {
	if (!('locks' in navigator)) return task();
	return await navigator.locks.request(name, task);
}

/**
 * Holds the lock `name` from `held` until `release()`, waiting for it as long as needed.
 * Without the Web Locks API every tab gets it.
 */
export function holdLock(name: string): { held: Promise<void>; release: () => void } {
	if (!('locks' in navigator)) return { held: Promise.resolve(), release: () => undefined };
	const waiting = new AbortController();
	let release = () => waiting.abort();
	const held = new Promise<void>((resolve) => {
		const hold = () => {
			resolve();
			return new Promise<void>((done) => (release = done));
		};
		// Rejects when `release` came before the lock did: then nobody waits for it any more.
		navigator.locks.request(name, { signal: waiting.signal }, hold).catch(() => undefined);
	});
	return { held, release: () => release() };
}

/** The names of the locks that some tab holds now, or null where nobody can tell. */
export async function heldLocks(): Promise<Set<string> | null> {
	if (!('locks' in navigator)) return null;
	const { held } = await navigator.locks.query();
	return new Set(held?.map(({ name }) => name ?? ''));
}
