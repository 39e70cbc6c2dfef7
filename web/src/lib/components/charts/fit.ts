import type { Attachment } from 'svelte/attachments';

/** Shortens an SVG text to the room that it has. */
export function fit(content: string, room: number): Attachment<SVGTextElement> {
	return (element) => {
		element.textContent = content;
		if (room <= 0 || element.getComputedTextLength() <= room) return;
		let length = content.length;
		do {
			length -= 1;
			element.textContent = `${content.slice(0, length).trimEnd()}…`;
		} while (length > 1 && element.getComputedTextLength() > room);
	};
}
