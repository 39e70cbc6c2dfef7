import type { Issue } from '#lib/api/types.ts';
import type { Conflict, IssueChanges } from '#lib/sync/types.ts';

const TEXT_FIELDS = ['title', 'description'] as const;
type TextField = (typeof TEXT_FIELDS)[number];

export interface ConflictingText {
	field: TextField;
	label: string;
	mine: string;
	theirs: string;
	/** The text that both began with, where it is still known. */
	before: string | null;
}

/** The texts that two people changed at once. */
export function conflictingTexts({ mine, theirs, before }: Conflict): ConflictingText[] {
	return TEXT_FIELDS.flatMap((field) => {
		const own = mine[field];
		if (own === undefined || own === theirs[field]) return [];
		const label = field === 'title' ? 'Title' : 'Description';
		return [{ field, label, mine: own, theirs: theirs[field], before: before[field] ?? null }];
	});
}

/** What has to be saved so that the issue says what was chosen; null when it already does. */
export function chosenChanges(
	{ mine, theirs }: Conflict,
	texts: Partial<Record<TextField, string>>
): IssueChanges | null {
	// What was changed beside the texts is not in dispute and goes along.
	const changes: IssueChanges = { ...mine, ...texts };
	const differing = Object.entries(changes).filter(
		([field, value]) => JSON.stringify(value) !== JSON.stringify(theirs[field as keyof Issue])
	);
	return differing.length > 0 ? Object.fromEntries(differing) : null;
}
