import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ann, bob } from '../../../tests/unit/builders.ts';
import { aLiveEngine, anEngine, pass, startClock, stopClock } from '../../../tests/unit/engines.ts';
import { Random } from '../../../tests/unit/random.ts';
import { goodLine, SimServer } from '../../../tests/unit/sim-server.ts';
import type { Engine } from './engine.svelte.ts';
import type { IssueChanges } from './types.ts';

beforeEach(startClock);
afterEach(stopClock);

/**
 * Whatever happens on the way, in the end everybody sees what the server has, and every own change was made
 * exactly once or its refusal was told.
 */
describe('convergence', () => {
	// More of them find what is rarer: SEEDS=3000 npm test
	const seeds = Array.from({ length: Number(process.env.SEEDS ?? 40) }, (_, index) => index + 1);

	it.each(seeds.flatMap((seed) => [['polling', seed] as const, ['socket', seed] as const]))(
		'reaches the state of the server (%s, seed %i)',
		async (transport, seed) => {
			const random = new Random(seed);
			const create = () => (transport === 'socket' ? aLiveEngine(server, random) : anEngine(server));
			vi.spyOn(Math, 'random').mockImplementation(() => random.next());
			const server = new SimServer(random);
			for (let count = 0; count < 8; count += 1) server.open({ title: `issue ${count}` });
			let engine = create();
			void engine.start(ann);
			await pass(200);

			for (let step = 0; step < 60; step += 1) {
				engine = await something(random, server, engine, create);
				await pass(random.below(400));
			}

			server.line = goodLine;
			server.forbidden = null;
			engine.wake();
			for (let round = 0; round < 3; round += 1) {
				await pass(40_000);
				for (const { key, mine } of engine.conflicts) engine.resolve(key, random.chance(0.5) ? mine : null);
			}
			await pass(5_000);
			expect(engine.conflicts).toEqual([]);
			expect(engine.pending).toEqual([]);
			const byId = (a: { id: number }, b: { id: number }) => a.id - b.id;
			expect([...engine.issues.all].sort(byId)).toEqual([...server.rows].sort(byId));
			expect([...server.executions.values()].every((count) => count === 1)).toBe(true);
			void engine.stop({ forget: 'all' });
			await pass(200);
		}
	);
});

async function something(
	random: Random,
	server: SimServer,
	engine: Engine,
	create: () => Engine
): Promise<Engine> {
	const dice = random.next();
	if (dice < 0.35) elsewhere(random, server);
	else if (dice < 0.75) here(random, engine);
	else if (dice < 0.83)
		void engine
			.read(engine.backend.list({}, new AbortController().signal), ({ items }) => items)
			.catch(() => undefined);
	else if (dice < 0.9)
		server.line =
			random.pick([
				goodLine,
				goodLine,
				{ lossThere: 0.3, lossBack: 0.3, delay: 800 },
				{ lossThere: 1, lossBack: 1, delay: 50 }
			]) ?? goodLine;
	else if (dice < 0.92) server.forgetCursors();
	else if (dice < 0.94) server.expireLog();
	else if (dice < 0.96) server.forbidden = server.forbidden === null ? 'severity' : null;
	else if (dice < 0.98) void engine.reload();
	else {
		// The page is reloaded, with whatever was under way.
		void engine.stop();
		await pass(100);
		const again = create();
		void again.start(ann);
		return again;
	}
	return engine;
}

function elsewhere(random: Random, server: SimServer): void {
	const id = random.pick(server.ids) ?? 1;
	try {
		const dice = random.next();
		if (dice < 0.1) server.open({ title: 'by another' });
		else if (dice < 0.7) server.edit(id, someChanges(random));
		else if (dice < 0.85) server.comment(id, 'by another');
		else if (dice < 0.93) server.delete(id);
		else server.restore(id);
	} catch {
		// It was deleted: a refusal like any other.
	}
}

function here(random: Random, engine: Engine): void {
	const row = random.pick(engine.issues.all);
	const dice = random.next();
	if (dice < 0.15 || !row) engine.mutate({ kind: 'open', values: { title: `mine ${random.below(1000)}` } });
	else if (dice < 0.7) engine.mutate({ kind: 'edit', id: row.id, changes: someChanges(random) });
	else if (dice < 0.9) engine.mutate({ kind: 'comment', id: row.id, body: 'mine' });
	else if (dice < 0.95) engine.mutate({ kind: 'delete', id: row.id });
	else engine.mutate({ kind: 'restore', id: row.id });
}

function someChanges(random: Random): IssueChanges {
	const all: IssueChanges[] = [
		{ title: `title ${random.below(1000)}` },
		{ status: random.pick(['open', 'triaged', 'done', 'cancelled'] as const) },
		{ severity: random.pick(['low', 'critical'] as const) },
		{ tags: ['a', 'b', 'c'].filter(() => random.chance(0.5)) },
		{ assignee: random.pick([ann, bob, null]) },
		{ title: `title ${random.below(1000)}`, status: 'in_progress' }
	];
	return random.pick(all) ?? {};
}
