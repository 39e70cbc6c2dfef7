import { afterEach, describe, expect, it } from 'vitest';
import { preferences } from '#lib/state/preferences.svelte.ts';
import { momentOf, relativeTime, timeOfDay } from './dates.ts';

const now = new Date('2026-03-01T23:30:00Z');
afterEach(() => (preferences.timeZone = null));

describe('a moment', () => {
	it('is told in the time zone that the person chose', () => {
		preferences.timeZone = 'UTC';
		expect(timeOfDay(now)).toMatch(/11:30\sPM/u);
		preferences.timeZone = 'Asia/Tokyo';
		expect(timeOfDay(now, { seconds: true })).toMatch(/8:30:00\sAM/u);
	});

	it('has a day when it was not today, as the person reckons days', () => {
		preferences.timeZone = 'UTC';
		expect(momentOf('2026-03-01T01:00:00Z', now)).toMatch(/^1:00\sAM$/u);
		expect(momentOf('2026-02-28T23:00:00Z', now)).toMatch(/^Feb 28, 2026/u);
		preferences.timeZone = 'Asia/Tokyo';
		expect(momentOf('2026-03-01T01:00:00Z', now)).toMatch(/^Mar 1, 2026/u);
	});

	it('is told in words, in the past and to come', () => {
		expect(relativeTime('2026-03-01T21:10:00Z', now)).toBe('2 hours ago');
		expect(relativeTime('2026-03-02T23:40:00Z', now)).toBe('tomorrow');
	});
});
