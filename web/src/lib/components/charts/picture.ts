import type { LegendItem } from './series.ts';

const COPIED = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity'] as const;
const COPIED_OF_TEXT = ['font-size', 'font-weight', 'text-anchor', 'dominant-baseline'] as const;
const PADDING = 20;
const SCALE = 2;
const FONT = 'system-ui, sans-serif';

export interface Picture {
	svg: SVGSVGElement;
	title: string;
	summary: string;
	legend: readonly LegendItem[];
}

/** A PNG of a chart as it is on the screen, with what stands around it there. */
export async function toPng(picture: Picture): Promise<Blob> {
	const { source, width, height } = frame(picture);
	const image = new Image();
	image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
	await image.decode();
	const canvas = document.createElement('canvas');
	canvas.width = width * SCALE;
	canvas.height = height * SCALE;
	canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
	return new Promise((resolve, reject) => {
		canvas.toBlob((blob) => {
			if (blob) resolve(blob);
			else reject(new Error('The browser could not draw the picture.'));
		}, 'image/png');
	});
}

function frame({ svg, title, summary, legend }: Picture): { source: string; width: number; height: number } {
	const styles = getComputedStyle(svg);
	const token = (name: string) => styles.getPropertyValue(name).trim();
	const size = { width: svg.clientWidth, height: svg.clientHeight };
	const width = Math.max(size.width, 480) + 2 * PADDING;
	const body = document.createElementNS(svg.namespaceURI, 'svg') as SVGSVGElement;
	body.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
	let top = PADDING + 16;
	text(body, title, PADDING, top, { fill: token('--ink'), 'font-size': '15', 'font-weight': '600' });
	for (const line of wrapped(summary, (width - 2 * PADDING) / 6.2)) {
		top += 18;
		text(body, line, PADDING, top, { fill: token('--muted'), 'font-size': '12' });
	}
	if (legend.length > 0) top += 24;
	let left = PADDING;
	for (const { label, value, color } of legend) {
		const said = `${label} ${value}`;
		add(body, 'rect', { x: left, y: top - 9, width: 10, height: 10, rx: 2, fill: resolved(svg, color) });
		text(body, said, left + 15, top, { fill: token('--ink'), 'font-size': '12' });
		left += 34 + said.length * 6.6;
	}
	top += 12;
	const chart = inlined(svg);
	chart.setAttribute('x', String(PADDING));
	chart.setAttribute('y', String(top));
	chart.setAttribute('width', String(size.width));
	chart.setAttribute('height', String(size.height));
	const height = top + size.height + PADDING;
	body.setAttribute('width', String(width));
	body.setAttribute('height', String(height));
	const ground = add(body, 'rect', { width, height, fill: token('--surface') });
	body.prepend(ground);
	body.append(chart);
	return { source: new XMLSerializer().serializeToString(body), width, height };
}

/** A copy that needs no style sheet, and without what only the pointer draws. */
function inlined(svg: SVGSVGElement): SVGSVGElement {
	const copy = svg.cloneNode(true) as SVGSVGElement;
	const originals = svg.querySelectorAll<SVGElement>('*');
	for (const [index, element] of [...copy.querySelectorAll<SVGElement>('*')].entries()) {
		const original = originals[index];
		if (!original) continue;
		const styles = getComputedStyle(original);
		const names = element instanceof SVGTextElement ? [...COPIED, ...COPIED_OF_TEXT] : COPIED;
		for (const name of names) element.style.setProperty(name, styles.getPropertyValue(name));
		element.removeAttribute('class');
	}
	for (const passing of copy.querySelectorAll('[data-passing]')) passing.remove();
	copy.style.fontFamily = FONT;
	return copy;
}

function resolved(near: Element, color: string): string {
	const name = /^var\((--[\w-]+)\)$/u.exec(color)?.[1];
	return name ? getComputedStyle(near).getPropertyValue(name).trim() : color;
}

function text(
	parent: Element,
	content: string,
	x: number,
	y: number,
	attributes: Record<string, string>
): void {
	const element = add(parent, 'text', { x, y, 'font-family': FONT, ...attributes });
	element.textContent = content;
}

function add(parent: Element, name: string, attributes: Record<string, string | number>): Element {
	const element = document.createElementNS('http://www.w3.org/2000/svg', name);
	for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
	parent.append(element);
	return element;
}

function wrapped(text: string, length: number): string[] {
	const lines = [''];
	for (const word of text.split(' ')) {
		const line = lines.at(-1) ?? '';
		if (line && line.length + word.length + 1 > length) lines.push(word);
		else lines[lines.length - 1] = line ? `${line} ${word}` : word;
	}
	return lines;
}
