// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { dayIn, midnight } from './zones.ts';

/** What Python's zoneinfo says of the same. */
describe('midnight', () => {
	it.each([
		['2026-01-15', 'UTC', '2026-01-15T00:00:00.000Z'],
		['2026-01-15', 'Europe/Berlin', '2026-01-14T23:00:00.000Z'],
		['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z'],
		['2026-03-30', 'Europe/Berlin', '2026-03-29T22:00:00.000Z'],
		['2026-07-01', 'Pacific/Auckland', '2026-06-30T12:00:00.000Z'],
		['2026-01-15', 'America/Los_Angeles', '2026-01-15T08:00:00.000Z'],
		['2026-01-15', 'Asia/Kathmandu', '2026-01-14T18:15:00.000Z'],
		// The clocks go from 0:00 to 1:00: the day begins with that.
		['2026-03-29', 'Asia/Beirut', '2026-03-28T22:00:00.000Z'],
		// They go from 1:00 back to 0:00: the day begins with the first of both.
		['2025-11-02', 'America/Havana', '2025-11-02T04:00:00.000Z'],
		// The day that Samoa left out.
		['2011-12-31', 'Pacific/Apia', '2011-12-30T10:00:00.000Z']
	])('%s in %s is %s', (day, zone, moment) => {
		expect(new Date(midnight(day, zone)).toISOString()).toBe(moment);
	});
});

describe('dayIn', () => {
	it('is the day that the clocks there show', () => {
		const moment = new Date('2026-01-14T23:30:00Z');
		expect(dayIn('UTC', moment)).toBe('2026-01-14');
		expect(dayIn('Europe/Berlin', moment)).toBe('2026-01-15');
		expect(dayIn('America/Los_Angeles', moment)).toBe('2026-01-14');
	});
});
