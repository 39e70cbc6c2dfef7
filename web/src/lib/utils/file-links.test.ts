import { expect, it } from 'vitest';
import { fileMeant, fileNameIn, linkToFile } from './file-links.ts';
import { render } from './markdown-renderer.ts';

it.each([
	'photo.png',
	'my photo (1).png',
	'100 %.png',
	'100%41.png',
	'a&amp;b.png',
	'[draft] *final*_v2_.png',
	'<b>.png',
	'Überblick 😀.png',
	"it's `code`.png"
])('writes a link that means the same file again: %s', (name) => {
	for (const isPicture of [true, false]) {
		const box = document.createElement('div');
		box.innerHTML = render(`before ${linkToFile(name, isPicture)} after`) as unknown as string;
		const place = box.querySelector<HTMLElement>('[data-file]');
		expect(place?.dataset.file).toBe(name);
		expect(place?.dataset.as).toBe(isPicture ? 'picture' : 'link');
		expect(box.textContent.trim()).toBe(`before ${isPicture ? name.replace('.png', '') : name} after`);
	}
});

it('takes what people type', () => {
	expect(fileNameIn('ATTACHMENT:100%.png')).toBe('100%.png');
	expect(fileNameIn('attachment:')).toBeNull();
	expect(fileNameIn('https://example.com/attachment:x')).toBeNull();
});

it('finds a file by its name, or else by its number', () => {
	const files = [
		{ id: 7, name: 'a.png' },
		{ id: 8, name: '7' }
	];
	expect(fileMeant(files, 'a.png')?.id).toBe(7);
	expect(fileMeant(files, '7')?.id).toBe(8);
	expect(fileMeant(files, '8')?.id).toBe(8);
	expect(fileMeant(files, 'b.png')).toBeUndefined();
});
