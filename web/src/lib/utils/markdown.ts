import type { SafeHtml } from './markdown-renderer.ts';

export type { SafeHtml };

/**
 * Markdown from strangers, as HTML that can do no harm. Null when the renderer can't be had now, because it is
 * loaded with the first text and there is no line: then the text as it is will have to do.
 */
export async function renderMarkdown(text: string): Promise<SafeHtml | null> {
	const renderer = await import('./markdown-renderer.ts').catch(() => null);
	return renderer && renderer.render(text);
}
