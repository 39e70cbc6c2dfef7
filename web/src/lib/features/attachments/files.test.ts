// @vitest-environment node
import { expect, it } from 'vitest';
import { Problem } from '#lib/api/errors.ts';
import { cleanName, explainUpload, freeName, isTaken, sizeOf } from './files.ts';

it.each([
	[0, '0 B'],
	[999, '999 B'],
	[48_213, '48 kB'],
	[1_500, '1.5 kB'],
	[10_485_760, '10 MB']
])('says %i bytes as %s', (bytes, said) => {
	expect(sizeOf(bytes)).toBe(said);
});

it.each([
	['C:\\logs\\app.log', 'app.log'],
	['  a \n b .txt', 'a b .txt'],
	['say "hi".png', "say 'hi'.png"],
	['\u202Egnp.exe.png', 'gnp.exe.png'],
	['..', 'file']
])('cleans %j to %j', (given, name) => {
	expect(cleanName(given)).toBe(name);
});

it('finds a name that no other file has', () => {
	expect(freeName('a.png', new Set())).toBe('a.png');
	expect(freeName('a.png', new Set(['a.png', 'a-2.png']))).toBe('a-3.png');
});

it('tells a refusal with what to do, in sizes that people read', () => {
	const refused = (status: number, detail: string) =>
		explainUpload(new Problem({ title: '', status, detail }));
	expect(refused(413, 'a.png is larger than 10485760 bytes.').hint).toContain('larger than 10 MB.');
	expect(refused(409, 'An issue has at most 20 files.').hint).toContain('20 files');
	for (const status of [0, 408, 409, 413, 415, 429, 507]) expect(refused(status, 'why').hint).not.toBe('');
});

it.each([
	['shot.PNG', true],
	['trace.tar.zip', true],
	['setup.exe', false],
	['shot.png.', true],
	['README', false],
	['.png', false]
])('knows by its name alone whether %s may be taken', (name, may) => {
	expect(isTaken({ name })).toBe(may);
});
