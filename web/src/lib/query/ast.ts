import type { Severity, Status } from '#lib/api/types.ts';

/**
 * What a query says, once it is read: the same tree that the API builds of it, in the same words. Dates are
 * worked out, comparisons are lists of values.
 */
export type Node =
	{ type: 'All'; terms: Node[] } | { type: 'Any'; terms: Node[] } | { type: 'Not'; term: Node } | Leaf;

/** One condition. */
export type Leaf =
	| Words
	| { type: 'Number'; issue_id: number }
	| { type: 'InStatus'; values: Status[] }
	| { type: 'InSeverity'; values: Severity[] }
	/** With any of these tags. */
	| { type: 'Tagged'; names: string[] }
	| { type: 'Of'; role: 'assignee' | 'reporter'; people: Who[] }
	| { type: 'Has'; part: Part }
	| Dated
	/** Closed so many seconds after it was filed: at least the first, less than the second. */
	| { type: 'Took'; least: number | null; below: number | null }
	| { type: 'WasStatus'; values: Status[] }
	| { type: 'WasSeverity'; values: Severity[] }
	| { type: 'WasAssigned'; people: Who[] };

/** To be found anywhere in the issue; as a phrase, next to each other in one text. */
export interface Words {
	type: 'Words';
	text: string;
	is_phrase: boolean;
}

/** From the beginning of `since` to the beginning of `until`. */
export interface Dated {
	type: 'Dated';
	field: 'created' | 'updated' | 'closed';
	since: Day | null;
	until: Day | null;
}

export type Who =
	| { type: 'Me' }
	| { type: 'Nobody' }
	| { type: 'PersonId'; id: number }
	/** The beginning of one of the words of a person's name, or of several in a row. */
	| { type: 'PersonName'; name: string };

export const PARTS = ['assignee', 'attachment', 'comment', 'description', 'tag'] as const;
export type Part = (typeof PARTS)[number];

export const SORTS = ['-created', 'created', '-updated', 'updated', '-severity', 'severity'] as const;
export type Sort = (typeof SORTS)[number];

/** A calendar day, as `2026-01-31`. */
export type Day = string;

export interface Query {
	/** Null asks for nothing in particular: everything fits. */
	root: Node | null;
	sort: Sort | null;
	/** The day at whose beginning issues are looked at: the one after what `as-of:` names. */
	as_of: Day | null;
	/** That day as UTC cuts it, whatever the zone of whoever asks. */
	as_of_utc: boolean;
}

export const EVERYTHING: Query = { root: null, sort: null, as_of: null, as_of_utc: false };

/** A query that can't be read: at which character, and what was expected there. */
export class QueryError extends Error {
	readonly position: number;

	constructor(position: number, message: string) {
		super(message);
		this.name = 'QueryError';
		this.position = position;
	}
}

/** The conditions that a query is put together of. */
export function leavesOf(node: Node | null): Leaf[] {
	if (!node) return [];
	switch (node.type) {
		case 'All':
		case 'Any':
			return node.terms.flatMap(leavesOf);
		case 'Not':
			return leavesOf(node.term);
		default:
			return [node];
	}
}
