import 'fake-indexeddb/auto';
import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ann, bob } from '../../../tests/unit/builders.ts';
import { Random } from '../../../tests/unit/random.ts';
import { SimServer } from '../../../tests/unit/sim-server.ts';
import { Details, type View } from './details.svelte.ts';
import { Engine } from './engine.svelte.ts';
import { PollingTransport } from './polling.ts';

let server: SimServer;
let engine: Engine;
let details: Details;
let loads: string[];
/** What has to happen before answers of this kind arrive, although the server has given them. */
let held: { send?: Promise<void>; issue?: Promise<void> };
let stopWatching: (() => void)[];

async function pass(milliseconds: number): Promise<void> {
	for (let rest = milliseconds; rest > 0; rest -= 50) {
		await vi.advanceTimersByTimeAsync(50);
		await new Promise((resolve) => setImmediate(resolve));
		flushSync();
	}
}

/** Looks at it as a component would. */
function watch<T>(view: () => View<T>): { readonly seen: (T | undefined)[] } {
	const seen: (T | undefined)[] = [];
	stopWatching.push(
		$effect.root(() => {
			$effect(() => void seen.push(view().data));
		})
	);
	flushSync();
	return { seen };
}

/** A promise, and what keeps it. */
function gate(): { closed: Promise<void>; open: () => void } {
	let open = (): void => undefined;
	const closed = new Promise<void>((resolve) => (open = resolve));
	return { closed, open };
}

function begin(): void {
	const backend = server.backend(ann);
	engine = new Engine(
		{
			...backend,
			issue: async (id, signal) => {
				loads.push('issue');
				const { issue } = held;
				const answer = await backend.issue(id, signal);
				await issue;
				return answer;
			},
			comments: (id, signal) => (loads.push('comments'), backend.comments(id, signal)),
			send: async (entry, signal) => {
				const answer = await backend.send(entry, signal);
				await held.send;
				return answer;
			}
		},
		(hooks) => new PollingTransport(backend, hooks)
	);
	details = new Details(engine);
	void engine.start(ann);
}

beforeEach(async () => {
	vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
	vi.setSystemTime('2026-01-01T01:00:00Z');
	stopWatching = [];
	loads = [];
	held = {};
	server = new SimServer(new Random(1));
	server.open({ title: 'first', description: 'old text' });
	begin();
	await pass(500);
});

afterEach(async () => {
	for (const stop of stopWatching) stop();
	void engine.stop({ forget: 'all' });
	await pass(200);
	vi.useRealTimers();
});

describe('Details', () => {
	it('loads when looked at, once for all who look', async () => {
		const one = watch(() => details.issue(1));
		const two = watch(() => details.issue(1));
		await pass(200);
		expect(one.seen.at(-1)?.description).toBe('old text');
		expect(two.seen.at(-1)?.description).toBe('old text');
		expect(loads).toEqual(['issue']);
	});

	it('follows what others do, as long as somebody looks', async () => {
		const { seen } = watch(() => details.issue(1));
		const comments = watch(() => details.comments(1));
		await pass(200);
		server.edit(1, { description: 'new text' });
		server.comment(1, 'hello', bob);
		await pass(3_000);
		expect(seen.at(-1)?.description).toBe('new text');
		expect(comments.seen.at(-1)?.map(({ body }) => body)).toEqual(['hello']);
		for (const stop of stopWatching) stop();
		await pass(100);
		loads = [];
		server.edit(1, { description: 'newer text' });
		await pass(3_000);
		expect(loads).toEqual([]);
		const again = watch(() => details.issue(1));
		await pass(200);
		expect(again.seen.at(-1)?.description).toBe('newer text');
	});

	it('shows own edits at once, and the version that the text belongs to', async () => {
		const { seen } = watch(() => details.issue(1));
		await pass(200);
		engine.mutate({ kind: 'edit', id: 1, changes: { description: 'mine' }, before: seen.at(-1) });
		flushSync();
		expect(seen.at(-1)).toMatchObject({ description: 'mine', version: 1 });
		await pass(3_000);
		expect(seen.at(-1)).toMatchObject({ description: 'mine', version: 2 });
		expect(
			seen.slice(seen.findIndex((issue) => issue?.description === 'mine')).map((issue) => issue?.description)
		).not.toContain('old text');
	});

	it('shows an own comment at once and never twice', async () => {
		const { seen } = watch(() => details.comments(1));
		await pass(200);
		engine.mutate({ kind: 'comment', id: 1, body: 'mine' });
		flushSync();
		expect(seen.at(-1)).toMatchObject([{ body: 'mine', pending: true, author: ann }]);
		await pass(3_000);
		expect(seen.at(-1)).toMatchObject([{ body: 'mine' }]);
		expect(seen.at(-1)?.[0]?.pending).toBeUndefined();
		expect(Math.max(...seen.map((comments) => comments?.length ?? 0))).toBe(1);
	});

	it('shows an own comment once, although the feed tells of it before the answer does', async () => {
		server.comment(1, 'same words', ann);
		const { seen } = watch(() => details.comments(1));
		await pass(200);
		const { closed, open } = gate();
		held.send = closed;
		for (let count = 0; count < 2; count += 1) {
			engine.mutate({ kind: 'comment', id: 1, body: 'same words', after: details.newestComment(1) });
		}
		flushSync();
		expect(seen.at(-1)).toHaveLength(3);
		await pass(3_000);
		expect(server.stored(1)?.comments).toHaveLength(2);
		expect(seen.at(-1)?.map(({ pending = false }) => pending)).toEqual([false, false, true]);
		open();
		await pass(3_000);
		expect(seen.at(-1)?.map(({ pending = false }) => pending)).toEqual([false, false, false]);
		expect(Math.max(...seen.map((comments) => comments?.length ?? 0))).toBe(3);
	});

	it('shows an own comment once, although a reload of the page lost the answer', async () => {
		watch(() => details.comments(1));
		await pass(200);
		held.send = gate().closed;
		engine.mutate({ kind: 'comment', id: 1, body: 'mine', after: details.newestComment(1) });
		await pass(500);
		void engine.stop();
		await pass(200);
		const { closed, open } = gate();
		held.send = closed;
		begin();
		await pass(500);
		const { seen } = watch(() => details.comments(1));
		await pass(3_000);
		expect(engine.unsent).toBe(1);
		expect(seen.at(-1)).toMatchObject([{ body: 'mine' }]);
		open();
		await pass(3_000);
		expect(engine.unsent).toBe(0);
		expect(Math.max(...seen.map((comments) => comments?.length ?? 0))).toBe(1);
	});

	it('keeps an own edit when an older answer comes after it', async () => {
		const { seen } = watch(() => details.issue(1));
		await pass(200);
		const { closed, open } = gate();
		held.issue = closed;
		details.issue(1).reload();
		await pass(200);
		delete held.issue;
		engine.mutate({ kind: 'edit', id: 1, changes: { description: 'mine' }, before: seen.at(-1) });
		await pass(100);
		open();
		await pass(3_000);
		const after = seen.slice(seen.findIndex((issue) => issue?.description === 'mine'));
		expect(new Set(after.map((issue) => issue?.description))).toEqual(new Set(['mine']));
		expect(seen.at(-1)?.version).toBe(2);
	});

	it('says that it asks, whoever wanted it', async () => {
		const asking: boolean[] = [];
		stopWatching.push(
			$effect.root(() => {
				$effect(() => void asking.push(details.issue(1).isAsking));
			})
		);
		flushSync();
		await pass(200);
		details.issue(1).reload();
		await pass(200);
		expect(asking).toEqual([true, false, true, false]);
	});

	it('shows an issue that the server has not named yet', async () => {
		const { id } = engine.mutate({ kind: 'open', values: { title: 'new', description: 'text' } });
		const { seen } = watch(() => details.issue(id));
		expect(seen.at(-1)).toMatchObject({ title: 'new', description: 'text' });
		await pass(500);
	});

	it('says when it is not there, forgets it without asking for it, and has it again when it is back', async () => {
		const { seen } = watch(() => details.issue(1));
		const comments = watch(() => details.comments(1));
		await pass(200);
		loads = [];
		server.comment(1, 'last words');
		server.delete(1);
		await pass(3_000);
		expect(seen.at(-1)).toBeUndefined();
		expect(comments.seen.at(-1)).toBeUndefined();
		expect(details.issue(1).error?.status).toBe(404);
		expect(loads).toEqual([]);
		server.restore(1);
		await pass(3_000);
		expect(seen.at(-1)?.title).toBe('first');
		expect(comments.seen.at(-1)).toMatchObject([{ body: 'last words' }]);
	});

	it('does not ask for what nobody looks at any more', async () => {
		watch(() => details.issue(1));
		await pass(200);
		loads = [];
		server.edit(1, { title: 'changed' });
		while (engine.issues.get(1)?.title !== 'changed') await pass(50);
		for (const stop of stopWatching) stop();
		await pass(1_000);
		expect(loads).toEqual([]);
	});
});
