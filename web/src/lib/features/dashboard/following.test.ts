// @vitest-environment node
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Following } from './following.ts';

let refreshed: number[];
let following: Following;
beforeEach(() => {
	vi.useFakeTimers({ now: 0 });
	refreshed = [];
	following = new Following(() => refreshed.push(Date.now()));
});
afterEach(() => vi.useRealTimers());

it('refreshes soon after a change, and once more when the server is sure to have counted it', () => {
	following.changed();
	vi.advanceTimersByTime(10_000);
	expect(refreshed).toEqual([250, 1400]);
});

it('asks no more than once a second while changes keep coming, and ends with the last one counted', () => {
	for (let at = 0; at < 5_000; at += 50) {
		following.changed();
		vi.advanceTimersByTime(50);
	}
	vi.advanceTimersByTime(10_000);
	const gaps = refreshed.slice(1).map((at, index) => at - (refreshed[index] ?? 0));
	expect(Math.min(...gaps)).toBeGreaterThanOrEqual(300);
	expect(refreshed.length).toBeLessThanOrEqual(7);
	expect(refreshed.at(-1)).toBe(4_950 + 1_400);
});

it('does nothing any more once it is stopped', () => {
	following.changed();
	following.stop();
	vi.advanceTimersByTime(10_000);
	expect(refreshed).toEqual([]);
});
