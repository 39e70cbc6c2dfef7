import type { Action } from '#lib/commands/registry.svelte.ts';
import type { IssueRow } from '#lib/api/types.ts';
import { isClosed } from '#lib/api/types.ts';
import { fold } from '#lib/components/ui/picker.ts';

const MAX_ACTIONS = 12;
const MAX_ISSUES = 14;

export interface PaletteResult {
	actions: Action[];
	issues: IssueRow[];
	/** Which of both fits better, and so comes first. */
	first: 'actions' | 'issues';
	/** A number that was typed but that the store doesn't hold: the server may still know it. */
	jump: number | null;
}

/** What the palette offers for what was typed: few enough to read, the likeliest first. */
export function searchPalette(
	typed: string,
	actions: readonly Action[],
	issues: readonly IssueRow[]
): PaletteResult {
	const words = fold(typed.trim()).split(/\s+/u).filter(Boolean);
	if (words.length === 0) {
		const recent = [...issues].sort((a, b) => b.updated_at.localeCompare(a.updated_at));
		return {
			actions: actions.slice(0, MAX_ACTIONS),
			issues: recent.slice(0, 5),
			first: 'actions',
			jump: null
		};
	}
	const number = /^#?([1-9][0-9]{0,14})$/u.exec(typed.trim())?.[1];
	const id = number === undefined ? null : Number(number);
	const rankAction = ({ title, group, keywords }: Action) =>
		rank(fold(title), words) ?? rank(fold([title, group, ...(keywords ?? [])].join(' ')), words, 10);
	const bestActions = best(actions, MAX_ACTIONS, rankAction);
	const bestIssues = best(issues, MAX_ISSUES, (issue) => rankIssue(issue, id, words));
	return {
		actions: bestActions.map(({ item }) => item),
		issues: bestIssues.map(({ item }) => item),
		first: (bestActions[0]?.value ?? Infinity) <= (bestIssues[0]?.value ?? Infinity) ? 'actions' : 'issues',
		jump: id !== null && !bestIssues.some(({ item }) => item.id === id) ? id : null
	};
}

function rankIssue(issue: IssueRow, id: number | null, words: string[]): number | null {
	if (issue.id === id) return -1;
	const byTitle = rank(fold(issue.title), words, isClosed(issue) ? 5 : 0);
	if (byTitle !== null || id === null) return byTitle;
	return String(issue.id).startsWith(String(id)) ? 20 : null;
}

/** Smaller is better; null when a word is missing. */
function rank(text: string, words: readonly string[], base = 0): number | null {
	// Words that stand together as they were typed are a better fit.
	let sum = text.includes(words.join(' ')) ? base : base + 1;
	for (const word of words) {
		const at = text.indexOf(word);
		if (at < 0) return null;
		sum += at === 0 ? 0 : /[^\p{L}\p{N}]/u.test(text.charAt(at - 1)) ? 1 : 3;
	}
	return sum;
}

function best<T>(
	items: readonly T[],
	limit: number,
	rankOf: (item: T) => number | null
): { item: T; value: number }[] {
	return items
		.flatMap((item) => {
			const value = rankOf(item);
			return value === null ? [] : [{ item, value }];
		})
		.sort((a, b) => a.value - b.value)
		.slice(0, limit);
}
