import { describe, expect, it } from 'vitest';
import { compact, countFilters, readView, viewOf, writeView, type ListView } from './view.ts';

const read = (query: string) => readView(new URLSearchParams(query));

describe('readView', () => {
	it('understands every field', () => {
		expect(
			read(
				'status=done&status=open&severity=high&assignee=me&assignee=7&assignee=none&reporter=3&tag=ios&tag=a%20b&q=slow+start&sort=-updated&group=status&older=1'
			)
		).toEqual({
			filter: {
				status: ['open', 'done'],
				severity: ['high'],
				assignee: ['me', 7, 'none'],
				reporter: [3],
				tag: ['ios', 'a b'],
				text: 'slow start'
			},
			sort: '-updated',
			group: 'status',
			older: true
		});
	});

	it('takes nonsense for nothing', () => {
		expect(
			read(
				'status=finished&severity=&assignee=0&assignee=-1&assignee=x&assignee=9223372036854775808&reporter=none&tag=%20&q=%20&sort=toString&group=x&older=yes&page=2'
			)
		).toEqual(viewOf({}));
	});

	it('drops repetitions', () => {
		expect(read('status=open&status=open&tag=a&tag=a&assignee=me&assignee=me').filter).toEqual({
			status: ['open'],
			tag: ['a'],
			assignee: ['me']
		});
	});
});

describe('writeView', () => {
	it('leaves defaults out', () => {
		expect(writeView(viewOf({}))).toBe('');
		expect(writeView(viewOf({ status: [], text: '  ' }))).toBe('');
	});

	it.each<ListView>([
		viewOf({ status: ['open', 'triaged'], tag: ['c++ & more', 'ümlaut'] }),
		viewOf({ assignee: ['none', 12], reporter: ['me'], text: 'a=b&c "d"' }),
		{ filter: { severity: ['low', 'critical'] }, sort: 'severity', group: 'status', older: true }
	])('is read back as it was: %j', (view) => {
		expect(readView(new URLSearchParams(writeView(view)))).toEqual(view);
	});

	it('writes equal views alike, whatever the order of the choices', () => {
		expect(writeView(viewOf({ status: ['done', 'open'] }))).toBe(
			writeView(viewOf({ status: ['open', 'done'] }))
		);
	});
});

describe('compact and countFilters', () => {
	it('drop empty fields', () => {
		expect(compact({ status: [], tag: ['a'], text: '' })).toEqual({ tag: ['a'] });
	});

	it('count fields, not the search text', () => {
		expect(countFilters({ status: ['open', 'done'], tag: ['a'], text: 'x' })).toBe(2);
	});
});
