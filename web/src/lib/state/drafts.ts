import { session } from './session.svelte.ts';

/** Texts being written, kept in this browser for whoever writes them until they are sent. */
export const drafts = {
	get(name: string): string {
		return localStorage.getItem(keyOf(name)) ?? '';
	},

	set(name: string, text: string): void {
		try {
			if (text === '') localStorage.removeItem(keyOf(name));
			else localStorage.setItem(keyOf(name), text);
		} catch {
			// Full or forbidden: the text is still in its field.
		}
	},

	clear(name: string): void {
		localStorage.removeItem(keyOf(name));
	}
};

function keyOf(name: string): string {
	return `draft:${session.user?.id ?? 0}:${name}`;
}
