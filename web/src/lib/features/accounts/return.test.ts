// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { returnPath, returnQuery } from './return.ts';

const at = (to: string) => new URL(`https://tracker.test/login?to=${encodeURIComponent(to)}`);

describe('returnPath', () => {
	it('goes back to the page with its query', () => {
		expect(returnPath(at('/issues?status=open#x'))).toBe('/issues?status=open#x');
	});

	it.each([
		'https://evil.test/',
		'//evil.test',
		'/\\evil.test',
		'javascript:alert(1)',
		'/login?to=/login',
		'/register',
		'/api/issues',
		''
	])('refuses %j', (to) => {
		expect(returnPath(at(to))).toBe('/');
	});

	it('does not take a page whose name only begins like sign-in', () => {
		expect(returnPath(at('/loginsights'))).toBe('/loginsights');
	});
});

describe('returnQuery', () => {
	it('survives the round trip', () => {
		const from = new URL('https://tracker.test/issues?q=a%26b&status=open');
		expect(returnPath(new URL(`https://tracker.test/login${returnQuery(from)}`))).toBe(
			'/issues?q=a%26b&status=open'
		);
	});

	it('is empty on the front page', () => {
		expect(returnQuery(new URL('https://tracker.test/'))).toBe('');
	});
});
