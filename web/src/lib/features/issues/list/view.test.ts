// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { readView, viewOf, writeView, type ListView } from './view.ts';

const read = (query: string) => readView(new URLSearchParams(query), '2026-01-15');

describe('readView', () => {
	it('reads the query, its order and the groups', () => {
		expect(read('q=slow+is:open&sort=-updated&group=status')).toEqual({
			q: 'is:open slow',
			sort: '-updated',
			group: 'status'
		});
	});

	it('takes the order out of the query', () => {
		expect(read('q=a+sort:severity&sort=updated')).toEqual({ ...viewOf('a'), sort: 'severity' });
	});

	it('still knows the filters of older addresses, and of the API', () => {
		expect(
			read(
				'status=done&status=open&severity=high&assignee=me&assignee=7&assignee=none&reporter=3&tag=ios&tag=a%20b&q=x&older=1'
			).q
		).toBe('status:done,open severity:high tag:ios tag:"a b" assignee:@me,7,none reporter:3 x');
	});

	it('takes nonsense for nothing, but keeps a query that can not be read', () => {
		expect(read('status=&tag=%20&q=%20&sort=toString&group=x&page=2')).toEqual(viewOf(''));
		expect(read('q=status:opne').q).toBe('status:opne');
	});
});

describe('writeView', () => {
	it('leaves defaults out', () => {
		expect(writeView(viewOf(''))).toBe('');
	});

	it('can be read by people', () => {
		expect(writeView(viewOf('status:open,done assignee:@me'))).toBe('?q=status:open,done+assignee:@me');
	});

	it.each<ListView>([
		viewOf('status:open,triaged tag:"c++ & more" tag:ümlaut a=b&c "d" 100%'),
		{ q: 'severity:low (a OR b)', sort: 'severity', group: 'assignee' }
	])('is read back as it was: %j', (view) => {
		expect(read(writeView(view))).toEqual(view);
	});
});
