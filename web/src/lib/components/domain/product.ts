export const PRODUCT = 'Issues & Insights';

/** What the browser's tab says. */
export function pageTitle(...parts: string[]): string {
	return [...parts, PRODUCT].join(' · ');
}
