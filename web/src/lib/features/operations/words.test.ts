// @vitest-environment node
import { describe, expect, it } from 'vitest';
import type { Check, Job } from '#lib/api/types.ts';
import { advice, jobTitle, outcome, partName, taken, verdict } from './words.ts';

const check = (name: string, status: Check['status'] = 'ok'): Check => ({
	name,
	status,
	milliseconds: 3,
	detail: ''
});
const job = (last_run: Job['last_run']) => ({ name: 'purge-trash', last_run }) as Job;
const run = {
	started_at: '2026-01-01T00:00:00Z',
	milliseconds: 5,
	succeeded: true,
	affected: 0,
	error: null
};

describe('checks', () => {
	it('are summed up in a sentence that names what fails', () => {
		expect(verdict([check('database'), check('scanner', 'unused')])).toBe('Everything works');
		expect(verdict([check('database'), check('redis', 'failing')])).toBe('Redis needs attention');
		expect(verdict([check('worker', 'failing'), check('redis', 'failing')])).toBe('2 parts need attention');
	});

	it('say what to do about what fails, and nothing about what works', () => {
		for (const name of ['database', 'redis', 'worker', 'files', 'scanner']) {
			expect(advice(check(name, 'failing'))).toMatch(/^(See|Start|Make)/);
			expect(advice(check(name))).toBeNull();
		}
	});

	it('that the app does not know yet go by their own name', () => {
		expect(partName('mail')).toBe('mail');
		expect(advice(check('mail', 'failing'))).toBeNull();
	});
});

describe('jobs', () => {
	it('are called as people would', () => {
		expect(jobTitle(job(null))).toBe('Purge trash');
	});

	it('tell what their last run came to', () => {
		expect(outcome(job(null))).toBe('Has not run yet');
		expect(outcome(job(run))).toBe('Nothing to do');
		expect(outcome(job({ ...run, affected: 1 }))).toBe('1 thing changed');
		expect(outcome(job({ ...run, succeeded: false, affected: null, error: 'OSError' }))).toBe(
			'Failed: OSError'
		);
	});

	it('take milliseconds, seconds or minutes', () => {
		expect([0, 999, 1_000, 59_900, 150_000].map(taken)).toEqual([
			'0 ms',
			'999 ms',
			'1.0 s',
			'59.9 s',
			'3 min'
		]);
	});
});
