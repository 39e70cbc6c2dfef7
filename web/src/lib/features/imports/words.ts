import type { Import, ImportState } from '#lib/api/types.ts';

export const SOURCES: Record<Import['source'], string> = { csv: 'CSV', github: 'GitHub', jira: 'Jira' };

export const STATES: Record<ImportState, string> = {
	planned: 'Not started',
	checking: 'Trying',
	checked: 'Tried',
	running: 'Importing',
	done: 'Imported',
	failed: 'Broke off',
	undoing: 'Undoing',
	undone: 'Undone'
};

export const TONES = {
	planned: 'neutral',
	checking: 'accent',
	checked: 'neutral',
	running: 'accent',
	done: 'success',
	failed: 'danger',
	undoing: 'accent',
	undone: 'neutral'
} as const satisfies Record<ImportState, string>;

export const FIELDS = [
	{ name: 'title', label: 'Title' },
	{ name: 'description', label: 'Description' },
	{ name: 'status', label: 'Status' },
	{ name: 'severity', label: 'Severity' },
	{ name: 'tags', label: 'Tags' },
	{ name: 'reporter', label: 'Reporter' },
	{ name: 'assignee', label: 'Assignee' },
	{ name: 'created', label: 'Created' },
	{ name: 'updated', label: 'Updated' },
	{ name: 'closed', label: 'Closed' },
	{ name: 'id', label: 'Its own id' }
] as const;

export const SEPARATORS: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' };

export function isUnderWay({ state }: Pick<Import, 'state'>): boolean {
	return state === 'checking' || state === 'running' || state === 'undoing';
}

/** `1 issue`, `1,204 issues`. */
export function count(number: number, one: string, many = `${one}s`): string {
	return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** How many issues it brought in or up to date. */
export function imported({ counts }: Pick<Import, 'counts'>): number {
	return counts.new + counts.changed;
}

/** What an import did, or would do: a line for everything that there is to say. */
export function outcome({ counts, state }: Import): { label: string; value: number; tone?: 'danger' }[] {
	const would = state === 'checking' || state === 'checked';
	const lines = [
		{ label: would ? 'would be new' : 'new', value: counts.new },
		{ label: would ? 'would be changed' : 'changed', value: counts.changed },
		{ label: 'unchanged', value: counts.unchanged },
		{ label: 'left alone', value: counts.left_alone },
		{ label: 'comments new', value: counts.new_comments },
		{ label: 'comments changed', value: counts.changed_comments },
		{ label: 'people new', value: counts.new_people },
		{ label: 'duplicates marked', value: counts.duplicates },
		{ label: 'pull requests left out', value: counts.left_out },
		{ label: 'comments not in the file', value: counts.missing_comments }
	].filter(({ value }, index) => value > 0 || index === 0);
	const broken = counts.broken;
	return broken ? [...lines, { label: 'not imported', value: broken, tone: 'danger' as const }] : lines;
}
