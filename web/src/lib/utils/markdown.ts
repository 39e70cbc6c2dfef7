import type { SafeHtml } from './markdown-renderer.ts';

export type { SafeHtml };

export interface MarkdownTools {
	/** Markdown from strangers, as HTML that can do no harm. */
	render(text: string): SafeHtml;
	/** Whether each of its tasks is done, in the order in which they are rendered. */
	tasksIn(text: string): boolean[];
	/** The text with its task of this number, as rendered, ticked or unticked; null when it has none such. */
	toggleTask(text: string, number: number): string | null;
}

/**
 * What knows Markdown, loaded with the first text. Null when it can't be had now, because there is no line: then the
 * text as it is will have to do.
 */
export async function loadMarkdown(): Promise<MarkdownTools | null> {
	const parts = Promise.all([import('./markdown-renderer.ts'), import('./task-lists.ts')]);
	return parts.then(([{ render }, tasks]) => ({ render, ...tasks })).catch(() => null);
}
