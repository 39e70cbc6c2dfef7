import type { Issue, IssueRow, Person } from '#lib/api/types.ts';
import { randomId } from '#lib/utils/platform.ts';
import { needsVersion } from './rebase.ts';
import type { Entry, IssueChanges, Mutation } from './types.ts';

type Edit = Extract<Mutation, { kind: 'edit' }>;

let lastSeq = 0;

/** A mutation made into an entry: `shown` is the issue as the person sees it, `row` as the server has it. */
export function makeEntry(
	mutation: Mutation,
	{ viewer, tab, shown, row }: { viewer: Person; tab: string; shown?: IssueRow; row?: IssueRow }
): Entry {
	// Grows also over reloads of the page, whose older entries go first.
	lastSeq = Math.max(lastSeq + 1, Date.now() * 1000);
	const entry: Entry = {
		key: randomId(),
		seq: lastSeq,
		userId: viewer.id,
		tab,
		at: new Date().toISOString(),
		issueId: mutation.kind === 'open' ? -lastSeq : mutation.id,
		mutation
	};
	return mutation.kind === 'edit' ? { ...entry, ...basisOf(mutation, shown, row) } : entry;
}

/** What an edit was made on: by this it is told whether somebody else came first. */
function basisOf(edit: Edit, shown?: IssueRow, row?: IssueRow): Pick<Entry, 'version' | 'mutation'> {
	const known: Partial<Issue> = edit.before ?? shown ?? {};
	const version = known.version ?? row?.version;
	const fields = Object.keys(edit.changes) as (keyof IssueChanges)[];
	const before = Object.fromEntries(fields.map((field) => [field, known[field]]));
	return {
		// An issue that the server has not seen has no version to speak of.
		version: needsVersion(edit.changes) && version ? version : undefined,
		mutation: { ...edit, before }
	};
}
