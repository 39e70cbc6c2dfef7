import { isClosed, SEVERITIES, STATUSES, type IssueRow, type Person } from '#lib/api/types.ts';
import type { Sort } from '#lib/query/ast.ts';
import { compareTimes } from './base.ts';

export type GroupKey = 'status' | 'severity' | 'assignee';

export interface Group {
	key: string;
	/** Set when grouped by assignee; null is nobody. */
	person?: Person | null;
	rows: IssueRow[];
}

const RECENTLY_CLOSED_DAYS = 90;

/** Whether the issue belongs to the working set: open, or closed lately. */
export function isCurrent(issue: IssueRow, now: Date): boolean {
	if (!issue.closed_at) return true;
	return now.getTime() - Date.parse(issue.closed_at) < RECENTLY_CLOSED_DAYS * 86_400_000;
}

export function sortIssues(rows: readonly IssueRow[], sort: Sort): IssueRow[] {
	return [...rows].sort(comparison(sort));
}

/** Below zero when the first stands before the second; no two issues stand at the same place. */
export function comparison(sort: Sort): (a: IssueRow, b: IssueRow) => number {
	const direction = sort.startsWith('-') ? -1 : 1;
	const compare = COMPARISONS[sort.replace('-', '') as 'created' | 'updated' | 'severity'];
	return (a, b) => direction * (compare(a, b) || a.id - b.id);
}

const COMPARISONS = {
	created: (a: IssueRow, b: IssueRow) => compareTimes(a.created_at, b.created_at),
	updated: (a: IssueRow, b: IssueRow) => compareTimes(a.updated_at, b.updated_at),
	severity: (a: IssueRow, b: IssueRow) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)
};

/** In the order in which people read the groups; those without rows are left out, but for statuses. */
export function groupIssues(rows: readonly IssueRow[], by: GroupKey): Group[] {
	switch (by) {
		case 'status': {
			const groups = grouped(rows, (row) => row.status);
			return STATUSES.map((key) => ({ key, rows: groups.get(key) ?? [] }));
		}
		case 'severity': {
			const groups = grouped(rows, (row) => row.severity);
			const keys = [...SEVERITIES].reverse().filter((key) => groups.has(key));
			return keys.map((key) => ({ key, rows: groups.get(key) ?? [] }));
		}
		case 'assignee':
			return [...grouped(rows, (row) => row.assignee?.id)]
				.map(([id, members]) => ({
					key: id === undefined ? 'none' : String(id),
					person: members[0]?.assignee ?? null,
					rows: members
				}))
				.sort((a, b) =>
					a.person && b.person ? a.person.full_name.localeCompare(b.person.full_name) : a.person ? -1 : 1
				);
	}
}

export function countBy<Field extends 'status' | 'severity'>(
	rows: readonly IssueRow[],
	field: Field
): Record<IssueRow[Field], number> {
	const values: readonly string[] = field === 'status' ? STATUSES : SEVERITIES;
	const counts = Object.fromEntries(values.map((value) => [value, 0])) as Record<string, number>;
	for (const row of rows) counts[row[field]] = (counts[row[field]] ?? 0) + 1;
	return counts;
}

/** The tags in use, most used first. Compared without case; the commonest spelling stands for all. */
export function tagCounts(rows: readonly IssueRow[]): { name: string; count: number }[] {
	const spellings = new Map<string, Map<string, number>>();
	for (const { tags } of rows) {
		for (const tag of tags) {
			const counts = spellings.get(folded(tag)) ?? new Map<string, number>();
			counts.set(tag, (counts.get(tag) ?? 0) + 1);
			spellings.set(folded(tag), counts);
		}
	}
	return [...spellings.values()]
		.map((counts) => {
			const bySpelling = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
			return { name: bySpelling[0]?.[0] ?? '', count: bySpelling.reduce((sum, [, count]) => sum + count, 0) };
		})
		.sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}

/** Issues whose titles share the most telling words with a title being written. */
export function similarTitles(rows: readonly IssueRow[], title: string, limit = 5): IssueRow[] {
	const wanted = new Set(wordsOf(title).filter((word) => word.length > 2));
	if (wanted.size === 0) return [];
	const found: { row: IssueRow; words: Set<string> }[] = [];
	const frequency = new Map<string, number>();
	for (const row of rows) {
		const words = new Set(wordsOf(row.title));
		const shared = [...wanted].filter((word) => words.has(word));
		for (const word of shared) frequency.set(word, (frequency.get(word) ?? 0) + 1);
		if (shared.length > 0) found.push({ row, words });
	}
	// A word that many titles have says little: weigh each by its rarity.
	const weight = (word: string) => Math.log(1 + rows.length / (frequency.get(word) ?? rows.length));
	const total = [...wanted].reduce((sum, word) => sum + weight(word), 0);
	return found
		.map(({ row, words }) => {
			const shared = [...wanted].filter((word) => words.has(word));
			const score = shared.reduce((sum, word) => sum + weight(word), 0) / total;
			return { row, score: isClosed(row) ? score * 0.9 : score, shared: shared.length };
		})
		.filter(({ score, shared }) => score >= 0.3 && (shared > 1 || wanted.size < 3))
		.sort((a, b) => b.score - a.score || b.row.id - a.row.id)
		.slice(0, limit)
		.map(({ row }) => row);
}

function grouped<K>(rows: readonly IssueRow[], keyOf: (row: IssueRow) => K): Map<K, IssueRow[]> {
	const groups = new Map<K, IssueRow[]>();
	for (const row of rows) {
		const key = keyOf(row);
		const members = groups.get(key);
		if (members) members.push(row);
		else groups.set(key, [row]);
	}
	return groups;
}

function wordsOf(text: string): string[] {
	return folded(text)
		.split(/[^\p{L}\p{N}#_.-]+/u)
		.filter(Boolean);
}

function folded(text: string): string {
	return text.toLocaleLowerCase('en');
}
