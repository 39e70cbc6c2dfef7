// @vitest-environment node
import { expect, it } from 'vitest';
import { ageOf } from './age.ts';

const now = new Date('2026-06-01T12:00:00Z');

it.each([
	['2026-06-01T11:59:30Z', 'now'],
	['2026-06-01T12:00:30Z', 'now'],
	['2026-06-01T11:55:00Z', '5m'],
	['2026-06-01T09:00:01Z', '2h'],
	['2026-05-30T12:00:00Z', '2d'],
	['2026-05-11T12:00:00Z', '3w'],
	['2026-04-28T12:00:00Z', '1mo'],
	['2024-05-01T12:00:00Z', '2y']
])('%s is %s', (iso, age) => {
	expect(ageOf(iso, now)).toBe(age);
});
