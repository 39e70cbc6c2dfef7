import { isClosedStatus, type IssueRow, type Person } from '#lib/api/types.ts';
import { midnight } from '#lib/utils/zones.ts';
import { leavesOf, type Leaf, type Node, type Query, type Who, type Words } from './ast.ts';

/** Whether an issue belongs to a query; null where only the server can tell. */
export type Verdict = boolean | null;

export interface Viewpoint {
	viewerId: number | undefined;
	/** Cuts the days. */
	timeZone: string;
}

/**
 * Decides about rows as far as what the app knows of them goes: not about what descriptions and comments say,
 * nor about the past. With `guess`, words are looked for in titles until the server has answered.
 */
export function matcher(query: Query, view: Viewpoint, guess = false): (row: IssueRow) => Verdict {
	const isPast = query.as_of !== null;
	const words = (node: Words) => (guess ? titleHas(node) : () => null);
	const now = compile(query.root, (leaf) => testOf(leaf, view, isPast, words));
	if (query.as_of === null) return now;
	const end = midnight(query.as_of, query.as_of_utc ? 'UTC' : view.timeZone);
	return (row) => Date.parse(row.created_at) < end && now(row);
}

/** Whether a query asks for what rows don't tell. */
export function needsServer({ root, as_of }: Query): boolean {
	const tellsMore = (leaf: Leaf) =>
		leaf.type === 'Words' ||
		leaf.type.startsWith('Was') ||
		(leaf.type === 'Has' && leaf.part === 'description');
	return as_of !== null || leavesOf(root).some(tellsMore);
}

/** Whether issues can belong to a query that were closed before the moment; they do if it is true. */
export function reachesBefore(query: Query, moment: number, timeZone: string): Verdict {
	const isOver = (since: string | null) => since !== null && midnight(since, timeZone) >= moment;
	return compile<null>(query.root, (leaf) => {
		if (leaf.type === 'InStatus' && !leaf.values.some(isClosedStatus)) return () => false;
		// What was closed before was filed before.
		if (leaf.type === 'Dated' && leaf.field !== 'updated' && isOver(leaf.since)) return () => false;
		return () => null;
	})(null);
}

/** Whether issues of a status can belong to a query. */
export function admits(query: Query, status: IssueRow['status']): boolean {
	if (query.as_of !== null) return true;
	const verdict = compile<null>(query.root, (leaf) => {
		const answer = leaf.type === 'InStatus' ? leaf.values.includes(status) : null;
		return () => answer;
	})(null);
	return verdict !== false;
}

/** Three-valued logic: what is unknown of a part is unknown of the whole, unless the other parts decide it. */
function compile<Row>(
	node: Node | null,
	leafTest: (leaf: Leaf) => (row: Row) => Verdict
): (row: Row) => Verdict {
	if (!node) return () => true;
	switch (node.type) {
		case 'Not': {
			const test = compile(node.term, leafTest);
			return (row) => {
				const verdict = test(row);
				return verdict === null ? null : !verdict;
			};
		}
		case 'All':
		case 'Any': {
			const tests = node.terms.map((term) => compile(term, leafTest));
			const decisive = node.type === 'Any';
			return (row) => {
				let verdict: Verdict = !decisive;
				for (const test of tests) {
					const part = test(row);
					if (part === decisive) return decisive;
					if (part === null) verdict = null;
				}
				return verdict;
			};
		}
		default:
			return leafTest(node);
	}
}

function testOf(
	leaf: Leaf,
	view: Viewpoint,
	isPast: boolean,
	words: (node: Words) => (row: IssueRow) => Verdict
): (row: IssueRow) => Verdict {
	/** What changes in the course of an issue is known of now only. */
	const now = (test: (row: IssueRow) => boolean) => (isPast ? () => null : test);
	/** What is so now was so at some time. */
	const ever = (test: (row: IssueRow) => boolean) =>
		isPast ? () => null : (row: IssueRow) => test(row) || null;
	switch (leaf.type) {
		case 'Words':
			return words(leaf);
		case 'Number':
			return (row) => row.id === leaf.issue_id;
		case 'InStatus':
			return now((row) => leaf.values.includes(row.status));
		case 'WasStatus':
			return ever((row) => leaf.values.includes(row.status));
		case 'InSeverity':
			return now((row) => leaf.values.includes(row.severity));
		case 'WasSeverity':
			return ever((row) => leaf.values.includes(row.severity));
		case 'Tagged': {
			const wanted = new Set(leaf.names.map(tagKey));
			return now((row) => row.tags.some((tag) => wanted.has(tagKey(tag))));
		}
		case 'Of': {
			const { role } = leaf;
			const isAmong = among(leaf.people, view);
			const test = (row: IssueRow) => isAmong(row[role]);
			return role === 'reporter' ? test : now(test);
		}
		case 'WasAssigned': {
			const isAmong = among(leaf.people, view);
			return ever((row) => isAmong(row.assignee));
		}
		case 'Has':
			switch (leaf.part) {
				case 'assignee':
					return now((row) => row.assignee !== null);
				case 'tag':
					return now((row) => row.tags.length > 0);
				case 'comment':
					return (row) => row.comment_count > 0;
				case 'attachment':
					return (row) => row.attachment_count > 0;
				default:
					return () => null;
			}
		case 'Dated': {
			const { field, since, until } = leaf;
			const from = since === null ? -Infinity : midnight(since, view.timeZone);
			const to = until === null ? Infinity : midnight(until, view.timeZone);
			return (row) => {
				const time = row[`${field}_at`];
				if (time === null) return false;
				const at = Date.parse(time);
				return at >= from && at < to;
			};
		}
		case 'Took': {
			const { least, below } = leaf;
			return (row) => {
				if (row.closed_at === null) return false;
				const seconds = (Date.parse(row.closed_at) - Date.parse(row.created_at)) / 1000;
				return seconds >= (least ?? -Infinity) && seconds < (below ?? Infinity);
			};
		}
	}
}

function among(people: readonly Who[], { viewerId }: Viewpoint): (person: Person | null) => boolean {
	const ids = new Set<number | undefined>();
	const names: string[] = [];
	let mayBeNobody = false;
	for (const who of people) {
		if (who.type === 'Me' && viewerId !== undefined) ids.add(viewerId);
		else if (who.type === 'PersonId') ids.add(who.id);
		else if (who.type === 'PersonName') names.push(beginnings(who.name));
		else if (who.type === 'Nobody') mayBeNobody = true;
	}
	return (person) => {
		if (!person) return mayBeNobody;
		if (ids.has(person.id)) return true;
		return names.length > 0 && names.some((name) => beginnings(person.full_name).includes(name));
	};
}

/** Before every word stands a space: what is looked for begins with one, too. */
function beginnings(name: string): string {
	return ` ${name.split(/\s+/u).filter(Boolean).join(' ').toLowerCase()}`;
}

/** As the API compares tags: without case, width and needless spaces. */
function tagKey(tag: string): string {
	const tidy = tag.split(/\s+/u).filter(Boolean).join(' ').normalize('NFKC');
	return tidy.toUpperCase().toLowerCase();
}

function titleHas({ text, is_phrase }: Words): (row: IssueRow) => boolean {
	const wanted = (is_phrase ? text : text.replace(/^-+|\*$/gu, '')).toLocaleLowerCase('en').trim();
	return (row) => row.title.toLocaleLowerCase('en').includes(wanted);
}
