import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ann, bob } from '../../../tests/unit/builders.ts';
import { aLiveEngine, anEngine, pass, startClock, stopClock } from '../../../tests/unit/engines.ts';
import { Random } from '../../../tests/unit/random.ts';
import { goodLine, SimServer } from '../../../tests/unit/sim-server.ts';
import { Details, type View } from './details.svelte.ts';
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
			const doubled: string[] = [];
			const create = () =>
				new Page(transport === 'socket' ? aLiveEngine(server, random) : anEngine(server), doubled);
			vi.spyOn(Math, 'random').mockImplementation(() => random.next());
			const server = new SimServer(random);
			for (let count = 0; count < 8; count += 1) server.open({ title: `issue ${count}` });
			let page = create();
			await pass(200);

			for (let step = 0; step < 60; step += 1) {
				page = await something(random, server, page, create);
				await pass(random.below(400));
			}

			server.line = goodLine;
			server.forbidden = null;
			const { engine, details } = page;
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
			for (const id of READ) {
				const { issue, comments, isDeleted } = server.stored(id) ?? {};
				expect(details.issue(id).data?.description).toBe(isDeleted ? undefined : issue?.description);
				expect(details.comments(id).data).toEqual(isDeleted ? undefined : comments);
			}
			expect(doubled).toEqual([]);
			expect([...server.executions.values()].every((count) => count === 1)).toBe(true);
			page.leave();
			void engine.stop({ forget: 'all' });
			await pass(200);
		}
	);
});

/** The issues that somebody has open, with all that is said about them. */
const READ = [1, 2, 3];

const look = ({ data }: View<unknown>) => data;

/** A tab: an engine, and somebody who reads. */
class Page {
	readonly engine: Engine;
	readonly details: Details;
	readonly leave: () => void;

	constructor(engine: Engine, doubled: string[]) {
		this.engine = engine;
		const details = new Details(engine);
		this.details = details;
		this.leave = $effect.root(() => {
			for (const id of READ) {
				$effect(() => void look(details.issue(id)));
				$effect(() => {
					const bodies = (details.comments(id).data ?? []).map(({ body }) => body);
					doubled.push(...bodies.filter((body, at) => bodies.indexOf(body) < at));
				});
			}
		});
		void engine.start(ann);
	}
}

async function something(random: Random, server: SimServer, page: Page, create: () => Page): Promise<Page> {
	const { engine } = page;
	const dice = random.next();
	if (dice < 0.35) elsewhere(random, server);
	else if (dice < 0.65) here(random, engine);
	else if (dice < 0.75) aboutWhatIsRead(random, page);
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
		page.leave();
		void engine.stop();
		await pass(100);
		return create();
	}
	return page;
}

/** What nobody has written before. */
let lastNumber = 0;
const words = (by: string) => `${by} ${(lastNumber += 1)}`;

function aboutWhatIsRead(random: Random, { engine, details }: Page): void {
	const id = random.pick(READ) ?? 1;
	const before = details.issue(id).data;
	const comment = random.pick((details.comments(id).data ?? []).filter(({ author }) => author.id === ann.id));
	const dice = random.next();
	if (dice < 0.4 || !comment || comment.id < 0) {
		engine.mutate({ kind: 'comment', id, body: words('mine'), after: details.newestComment(id) });
	} else if (dice < 0.6) {
		engine.mutate({ kind: 'editComment', id, commentId: comment.id, body: words('edited') });
	} else if (dice < 0.7) {
		engine.mutate({ kind: 'deleteComment', id, commentId: comment.id });
	} else if (before) {
		engine.mutate({ kind: 'edit', id, changes: { description: words('text') }, before });
	}
}

function elsewhere(random: Random, server: SimServer): void {
	const id = random.pick(server.ids) ?? 1;
	try {
		const dice = random.next();
		if (dice < 0.1) server.open({ title: 'by another' });
		else if (dice < 0.7) server.edit(id, someChanges(random));
		else if (dice < 0.85) server.comment(id, words('by another'));
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
	else if (dice < 0.9) engine.mutate({ kind: 'comment', id: row.id, body: words('mine') });
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
		{ title: `title ${random.below(1000)}`, status: 'in_progress' },
		{ description: words('text') }
	];
	return random.pick(all) ?? {};
}
