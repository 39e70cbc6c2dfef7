// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { BACKLOG, FLOW, heightOf, layersOf, summariseBacklog } from './backlog.ts';
import { spansOf, summariseFlow, totalOf } from './flow.ts';
import { bucketsOf, placeOf, summariseSpread } from './spread.ts';
import { bucketName, duration } from './words.ts';
import { readWindow, writeWindow } from './window.ts';

const dayOf = (number: number) => new Date(Date.UTC(2026, 0, number)).toISOString().slice(0, 10);
const flowOf = (days: number, opened = 1) =>
	Array.from({ length: days }, (_, index) => ({ day: dayOf(index + 1), opened, done: 0, cancelled: 0 }));
const statuses = (
	day: string,
	values: Partial<Record<'open' | 'triaged' | 'in_progress' | 'done' | 'cancelled', number>>
) => ({
	day,
	open: 0,
	triaged: 0,
	in_progress: 0,
	done: 0,
	cancelled: 0,
	...values
});

describe('spansOf', () => {
	it('keeps days apart as long as they can be told apart', () => {
		expect(spansOf(flowOf(90))).toHaveLength(90);
	});

	it('puts a year together by weeks from Monday on, and loses nothing', () => {
		const spans = spansOf(flowOf(365));
		expect(spans.slice(0, 2).map(({ from, to }) => [from, to])).toEqual([
			['2026-01-01', '2026-01-04'],
			['2026-01-05', '2026-01-11']
		]);
		expect(spans.reduce((sum, { opened }) => sum + opened, 0)).toBe(365);
		expect(spans.at(-1)?.to).toBe('2026-12-31');
	});
});

describe('summariseFlow', () => {
	const flow = flowOf(3, 0);
	it.each([
		[[], 'Nothing was opened or closed in 3 days.'],
		[[{ opened: 2, done: 1, cancelled: 1 }], '2 opened in 3 days, as many as were closed. Most came in on'],
		[[{ opened: 5 }], '5 opened in 3 days, 5 more than were closed.'],
		[[{ opened: 1, done: 4 }], '1 opened in 3 days, 3 fewer than were closed.']
	])('of %j', (changes, said) => {
		const changed = flow.map((day, index) => ({ ...day, ...changes[index] }));
		expect(summariseFlow(changed)).toContain(said);
		expect(totalOf(changed)).toMatchObject({ from: '2026-01-01', to: '2026-01-03' });
	});
});

describe('layersOf', () => {
	const history = [
		statuses('2026-01-01', { open: 3, triaged: 1, in_progress: 2, done: 100, cancelled: 10 }),
		statuses('2026-01-02', { open: 1, triaged: 1, in_progress: 1, done: 104, cancelled: 9 })
	];

	it('stacks what is open, the nearest to done at the bottom', () => {
		const layers = layersOf(history, BACKLOG);
		expect(layers.map(({ status, values }) => [status, values[0]])).toEqual([
			['in_progress', { from: 0, to: 2 }],
			['triaged', { from: 2, to: 3 }],
			['open', { from: 3, to: 6 }]
		]);
		expect(heightOf(layers)).toBe(6);
	});

	it('counts what is closed from where it stood lowest, so that nothing is below the ground', () => {
		const layers = layersOf(history, FLOW);
		expect(layers[0]?.values).toEqual([
			{ from: 0, to: 1 },
			{ from: 0, to: 0 }
		]);
		expect(layers[1]?.values).toEqual([
			{ from: 1, to: 1 },
			{ from: 0, to: 4 }
		]);
	});

	it('is said in a sentence', () => {
		expect(summariseBacklog(history)).toMatch(/^3 open issues, 3 fewer than on/);
		expect(summariseBacklog(history.slice(0, 1))).toBe('6 open issues. The history begins today.');
		expect(summariseBacklog([])).toBe('No day has been counted yet.');
		expect(heightOf(layersOf([], BACKLOG))).toBe(0);
	});
});

describe('durations', () => {
	const times = {
		count: 4,
		median_seconds: 5 * 3600,
		p85_seconds: 9 * 86_400,
		distribution: [
			{ below_seconds: 3600, count: 1 },
			{ below_seconds: 86_400, count: 2 },
			{ below_seconds: null, count: 1 }
		]
	};

	it('fall into named buckets', () => {
		expect(bucketsOf(times).map(({ name, count }) => [name, count])).toEqual([
			['< 1 h', 1],
			['1–24 h', 2],
			['> 24 h', 1]
		]);
		expect(bucketName(604_800, 1_209_600)).toBe('1–2 wk');
	});

	it('have a place within their bucket', () => {
		const buckets = bucketsOf(times);
		expect(placeOf(1800, buckets)).toBe(0.5);
		expect(placeOf(12.5 * 3600, buckets)).toBe(1.5);
		expect(placeOf(9e9, buckets)).toBe(2.5);
	});

	it('are said in the unit that fits', () => {
		expect([30, 2400, 5 * 3600, 86_400, 2.44 * 86_400, 20.4 * 86_400].map(duration)).toEqual([
			'under a minute',
			'40 min',
			'5 h',
			'1 day',
			'2.4 days',
			'20 days'
		]);
		expect(summariseSpread(times, '')).toBe('Half within 5 h, 85 % within 9 days; 4 in all.');
		expect(summariseSpread({ ...times, median_seconds: null }, 'Nothing.')).toBe('Nothing.');
	});
});

describe('the window', () => {
	const TODAY = '2026-01-15';
	const read = (address: string) => readWindow(new URLSearchParams(address), TODAY);

	it('is in the address with the query, 30 days being understood', () => {
		for (const days of [30, 90, 365] as const) {
			for (const q of ['', 'tag:ui -severity:low', 'login OR sign-in']) {
				expect(read(writeWindow({ days, q }))).toEqual({ days, q });
			}
		}
		expect(writeWindow({ days: 30, q: '' })).toBe('');
		expect(writeWindow({ days: 90, q: 'tag:ui' })).toBe('?q=tag:ui&days=90');
		expect(read('days=31')).toEqual({ days: 30, q: '' });
	});
});
