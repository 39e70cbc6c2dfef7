import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ann, aRow, bob } from '../../../tests/unit/builders.ts';
import { anEngine, pass, startClock, stopClock } from '../../../tests/unit/engines.ts';
import { Random } from '../../../tests/unit/random.ts';
import { goodLine, SimServer } from '../../../tests/unit/sim-server.ts';
import type { Engine } from './engine.svelte.ts';
import type { Mutation } from './types.ts';

beforeEach(startClock);
afterEach(stopClock);

/** Waits for what the server is asked for, however many turns it takes. */
async function answered(engine: Engine): Promise<void> {
	while (engine.isAsking) await pass(50);
}

describe('start', () => {
	it('loads a snapshot and goes on with the feed', async () => {
		const server = new SimServer(new Random(1));
		server.open({ title: 'first' });
		const engine = anEngine(server);
		void engine.start(ann);
		await pass(500);
		expect(engine.status).toBe('ready');
		server.open({ title: 'second' });
		await pass(2500);
		expect(engine.issues.all.map(({ title }) => title)).toEqual(['first', 'second']);
		expect(engine.connection.state).toBe('live');
		await engine.stop();
	});

	it('shows what the browser kept before the server answers, and catches up from its cursor', async () => {
		const server = new SimServer(new Random(1));
		server.open({ title: 'first' });
		const engine = anEngine(server);
		void engine.start(ann);
		await pass(5000);
		const stopped = engine.stop();
		await pass(100);
		await stopped;

		server.open({ title: 'second' });
		server.line = { ...goodLine, lossThere: 1 };
		const again = anEngine(server);
		void again.start(ann);
		await pass(200);
		expect(again.status).toBe('ready');
		expect(again.issues.all.map(({ title }) => title)).toEqual(['first']);
		expect(again.connection.state).toBe('reconnecting');
		server.line = goodLine;
		await pass(20_000);
		expect(again.issues.all.map(({ title }) => title)).toEqual(['first', 'second']);
		void again.stop();
		await pass(100);
	});

	it('tries at once when the person wants it, and leaves alone what is under way by then', async () => {
		const server = new SimServer(new Random(1));
		server.open({ title: 'first' });
		server.line = { ...goodLine, lossThere: 1 };
		const engine = anEngine(server);
		void engine.start(ann);
		await pass(60_000);
		await answered(engine);
		expect(engine.status).toBe('loading');
		expect(engine.loadError?.status).toBe(0);
		server.line = { ...goodLine, delay: 400 };
		engine.wake();
		await pass(50);
		expect(engine.isAsking).toBe(true);
		const asked = vi.spyOn(engine.backend, 'snapshot');
		for (let press = 0; press < 8; press += 1) {
			engine.wake();
			await pass(50);
		}
		await answered(engine);
		expect(engine.status).toBe('ready');
		expect(engine.loadError).toBeNull();
		expect(asked).not.toHaveBeenCalled();
		void engine.stop({ forget: 'all' });
		await pass(200);
	});

	it('keeps nothing of a person who signed out, and shows nothing of another', async () => {
		const server = new SimServer(new Random(1));
		server.open({ title: 'secret' });
		const engine = anEngine(server);
		void engine.start(ann);
		await pass(5000);
		void engine.stop({ forget: 'all' });
		expect(engine.issues.all).toEqual([]);
		await pass(200);
		expect(await indexedDB.databases()).toEqual([]);

		server.line = { ...goodLine, lossThere: 1 };
		void engine.start(bob);
		await pass(200);
		expect(engine.issues.all).toEqual([]);
		void engine.stop();
		await pass(100);
	});

	it('tries again and again when there is nothing to show, and says why', async () => {
		const server = new SimServer(new Random(1));
		server.open({});
		server.line = { ...goodLine, lossThere: 1 };
		const engine = anEngine(server);
		void engine.start(ann);
		await pass(3000);
		expect(engine.status).toBe('loading');
		expect(engine.loadError?.status).toBe(0);
		server.line = goodLine;
		engine.wake();
		await pass(200);
		expect(engine.status).toBe('ready');
		expect(engine.loadError).toBeNull();
		void engine.stop();
		await pass(100);
	});
});

describe('mutate', () => {
	async function started(seed = 1) {
		const server = new SimServer(new Random(seed));
		server.open({ title: 'old', description: 'text' });
		const engine = anEngine(server);
		void engine.start(ann);
		await pass(500);
		return { server, engine };
	}

	async function end(engine: Engine): Promise<void> {
		void engine.stop({ forget: 'all' });
		await pass(200);
	}

	it('shows an edit at once and never falls back while it is confirmed', async () => {
		for (let seed = 1; seed <= 20; seed += 1) {
			const { server, engine } = await started(seed);
			const { done } = engine.mutate({ kind: 'edit', id: 1, changes: { status: 'done' } });
			for (let step = 0; step < 80; step += 1) {
				expect(engine.issues.get(1)?.status).toBe('done');
				await pass(5);
			}
			expect(await done).toMatchObject({ state: 'done', id: 1 });
			expect(engine.pending).toEqual([]);
			expect(server.stored(1)?.issue.status).toBe('done');
			await end(engine);
		}
	});

	it('counts an own comment once, whichever of answer and event is first', async () => {
		for (let seed = 1; seed <= 20; seed += 1) {
			const { engine } = await started(seed);
			engine.mutate({ kind: 'comment', id: 1, body: 'hello' });
			for (let step = 0; step < 80; step += 1) {
				expect(engine.issues.get(1)?.comment_count).toBe(1);
				await pass(5);
			}
			await end(engine);
		}
	});

	it('shows a new issue at once and gives it its number when the server has named it', async () => {
		const { engine } = await started();
		const { id, done } = engine.mutate({ kind: 'open', values: { title: 'new' } });
		expect(id).toBeLessThan(0);
		engine.mutate({ kind: 'edit', id, changes: { severity: 'high' } });
		expect(engine.issues.get(id)).toMatchObject({ title: 'new', severity: 'high', reporter: ann });
		await pass(3000);
		expect(await done).toMatchObject({ state: 'done', id: 2 });
		expect(engine.issues.get(id)).toBeUndefined();
		expect(engine.issues.get(2)).toMatchObject({ title: 'new', severity: 'high' });
		expect(engine.issues.all).toHaveLength(2);
		await end(engine);
	});

	it('takes a refused edit back and says so', async () => {
		const { server, engine } = await started();
		server.forbidden = 'status';
		const refusals: [Mutation, number][] = [];
		engine.onRefused = (mutation, { status }) => refusals.push([mutation, status]);
		const { done } = engine.mutate({ kind: 'edit', id: 1, changes: { status: 'done' } });
		await pass(500);
		expect(engine.issues.get(1)?.status).toBe('open');
		expect(await done).toMatchObject({ state: 'refused', problem: { status: 403 } });
		expect(refusals).toMatchObject([[{ kind: 'edit', id: 1 }, 403]]);
		await end(engine);
	});

	it('keeps edits through an outage and a reload of the page, and does each once', async () => {
		const { server, engine } = await started();
		server.line = { ...goodLine, lossBack: 1 };
		engine.mutate({ kind: 'comment', id: 1, body: 'one' });
		engine.mutate({ kind: 'comment', id: 1, body: 'two' });
		await pass(1000);
		void engine.stop();
		await pass(100);

		const again = anEngine(server);
		void again.start(ann);
		await pass(100);
		expect(again.unsent).toBe(2);
		server.line = goodLine;
		again.wake();
		await pass(40_000);
		expect(again.unsent).toBe(0);
		expect(server.stored(1)?.comments.map(({ body }) => body)).toEqual(['one', 'two']);
		expect(again.issues.get(1)?.comment_count).toBe(2);
		await end(again);
	});

	it('sends what waits as soon as the line is back, however long it was away', async () => {
		const { server, engine } = await started();
		server.line = { ...goodLine, lossThere: 1 };
		engine.mutate({ kind: 'comment', id: 1, body: 'late' });
		for (let minute = 0; minute < 10; minute += 1) {
			await pass(60_000);
			server.line = goodLine;
			while (engine.connection.state !== 'live') await pass(50);
			await pass(200);
			expect(engine.unsent).toBe(0);
			server.line = { ...goodLine, lossThere: 1 };
			engine.mutate({ kind: 'comment', id: 1, body: 'late again' });
		}
		await end(engine);
	});

	it('keeps what was never sent when the session has ended, for when the same person comes back', async () => {
		const { server, engine } = await started();
		server.line = { ...goodLine, lossThere: 1 };
		engine.mutate({ kind: 'comment', id: 1, body: 'unsent' });
		await pass(100);
		void engine.stop({ forget: 'rows' });
		await pass(200);
		const other = anEngine(server);
		void other.start(bob);
		await pass(100);
		expect([other.issues.all, other.unsent]).toEqual([[], 0]);
		void other.stop();
		await pass(100);
		server.line = goodLine;
		const again = anEngine(server);
		void again.start(ann);
		await pass(1000);
		expect(server.stored(1)?.comments.map(({ body }) => body)).toEqual(['unsent']);
		await end(again);
	});

	it('merges edits of different things without asking', async () => {
		const { server, engine } = await started();
		server.edit(1, { status: 'triaged', tags: ['theirs'] });
		const { done } = engine.mutate({ kind: 'edit', id: 1, changes: { title: 'mine', tags: ['mine'] } });
		await pass(3000);
		expect(await done).toMatchObject({ state: 'done' });
		expect(server.stored(1)?.issue).toMatchObject({
			title: 'mine',
			status: 'triaged',
			tags: ['theirs', 'mine']
		});
		await end(engine);
	});

	it('keeps both versions of a text that two people changed, until one is chosen', async () => {
		const { server, engine } = await started();
		server.edit(1, { title: 'theirs' });
		const { done } = engine.mutate({ kind: 'edit', id: 1, changes: { title: 'mine' } });
		await pass(500);
		expect(await done).toMatchObject({ state: 'conflict' });
		const [conflict] = engine.conflicts;
		expect(conflict).toMatchObject({ id: 1, mine: { title: 'mine' }, theirs: { title: 'theirs' } });
		expect(conflict?.before.title).toBe('old');
		await pass(2500);
		expect(engine.issues.get(1)?.title).toBe('theirs');

		// It is still there after a reload.
		void engine.stop();
		await pass(100);
		const again = anEngine(server);
		void again.start(ann);
		await pass(500);
		expect(again.conflicts).toHaveLength(1);
		again.resolve(again.conflicts[0]?.key ?? '', { title: 'mine and theirs' });
		await pass(2500);
		expect(again.conflicts).toEqual([]);
		expect(server.stored(1)?.issue.title).toBe('mine and theirs');
		await end(again);
	});

	it('does not conflict with itself', async () => {
		const { server, engine } = await started();
		for (const title of ['a', 'b', 'c']) engine.mutate({ kind: 'edit', id: 1, changes: { title } });
		await pass(3000);
		expect(engine.conflicts).toEqual([]);
		expect(server.stored(1)?.issue).toMatchObject({ title: 'c', version: 4 });
		await end(engine);
	});

	it('waits while the session is expired and goes on after', async () => {
		const { server, engine } = await started();
		engine.suspend();
		engine.mutate({ kind: 'edit', id: 1, changes: { status: 'done' } });
		await pass(5000);
		expect(server.stored(1)?.issue.status).toBe('open');
		expect(engine.issues.get(1)?.status).toBe('done');
		engine.resume();
		await pass(500);
		expect(server.stored(1)?.issue.status).toBe('done');
		await end(engine);
	});
});

describe('read', () => {
	it('ignores rows of a list that was asked before everything was loaded anew', async () => {
		const server = new SimServer(new Random(1));
		server.open({});
		const engine = anEngine(server);
		void engine.start(ann);
		await pass(500);
		let answer: (rows: ReturnType<typeof aRow>[]) => void = () => undefined;
		const reading = engine.read(
			new Promise<ReturnType<typeof aRow>[]>((resolve) => (answer = resolve)),
			(rows) => rows
		);
		await Promise.all([engine.reload(), pass(6_000)]);
		answer([aRow({ id: 99 })]);
		await reading;
		expect(engine.issues.get(99)).toBeUndefined();
		void engine.stop({ forget: 'all' });
		await pass(200);
	});
});
