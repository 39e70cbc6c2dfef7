// @vitest-environment node
import { expect, it } from 'vitest';
import { Records } from './records.ts';

function counted(format: 'csv' | 'ndjson', text: string, size: number): number {
	const bytes = new TextEncoder().encode(text);
	const records = new Records(format);
	for (let at = 0; at < bytes.length; at += size) records.add(bytes.subarray(at, at + size));
	return records.count;
}

const table = 'id,title\r\n1,"two\r\nlines"\r\n2,"a ""quote""\n"\r\n3,plain\r\n';

it.each([1, 3, 1000])('counts rows that are torn into pieces of %i bytes', (size) => {
	expect(counted('csv', table, size)).toBe(3);
	expect(counted('ndjson', '{"title":"a \\"b"}\n{"title":"c"}\n', size)).toBe(2);
});

it('counts nothing where there is only a head, or not even that', () => {
	expect(counted('csv', 'id,title\r\n', 4)).toBe(0);
	expect(counted('csv', '', 4)).toBe(0);
	expect(counted('ndjson', '', 4)).toBe(0);
});
