import type { Attachment } from 'svelte/attachments';

/** Lets a text box grow with its text in browsers that don't know `field-sizing: content` yet. */
export const autosize: Attachment<HTMLTextAreaElement> = (box) => {
	if (CSS.supports('field-sizing', 'content')) return;
	const fit = (): void => {
		box.style.height = 'auto';
		box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
	};
	fit();
	box.addEventListener('input', fit);
	return () => box.removeEventListener('input', fit);
};
