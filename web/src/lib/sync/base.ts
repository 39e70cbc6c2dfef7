import type { IssueRow, TrackerEvent } from '#lib/api/types.ts';

/** Everything that can change what we hold to be the server's state. */
export type News =
	/** From the feed, in its order. */
	| { kind: 'events'; events: readonly TrackerEvent[] }
	/** From answers to requests: lists, single issues, own writes. */
	| { kind: 'rows'; rows: readonly IssueRow[] }
	/** The whole working set as of one moment. */
	| { kind: 'snapshot'; rows: readonly IssueRow[] };

/**
 * The server's issues as far as they are known here. `apply` is the only thing that writes to it.
 *
 * Copies of one issue arrive by several ways that overtake each other, so each copy must tell whether it is
 * newer than the one at hand:
 *
 * - Changes of one issue happen one after another on its row, and each of them raises `version` (own fields)
 *   or moves `updated_at` (comments, files). The pair orders all copies of a row. `version` goes first,
 *   because it counts, while times of day come from clocks.
 * - The feed delivers in the order of cause, and its rows are read at delivery: each is at least as new as
 *   those that the feed sent before. So in a tie the feed wins; an answer has to be strictly newer, because
 *   it may have been under way for any time.
 * - A deletion leaves no row that could be compared. The id is remembered as gone, and from then on only the
 *   feed (or a snapshot) brings it back; a list that was read before the deletion and arrives after it can't.
 * - A snapshot replaces everything, also what seems newer: it is requested when nothing else is under way,
 *   and a server that was restored from a backup really is older than what we know.
 */
export class Base {
	#rows = new Map<number, IssueRow>();
	#gone = new Set<number>();

	get(id: number): IssueRow | undefined {
		return this.#rows.get(id);
	}

	values(): IterableIterator<IssueRow> {
		return this.#rows.values();
	}

	/** The ids of the issues that are not what they were. */
	apply(news: News): Set<number> {
		switch (news.kind) {
			case 'events':
				return new Set(
					news.events.filter((event) => this.#applyEvent(event)).map(({ issue_id }) => issue_id)
				);
			case 'rows':
				return new Set(news.rows.filter((row) => this.#applyAnswer(row)).map(({ id }) => id));
			case 'snapshot':
				return this.#replace(news.rows);
		}
	}

	#applyEvent({ issue_id, issue }: TrackerEvent): boolean {
		if (issue === null) {
			this.#gone.add(issue_id);
			return this.#rows.delete(issue_id);
		}
		this.#gone.delete(issue_id);
		const known = this.#rows.get(issue_id);
		if (known && compareAge(issue, known) < 0) return false;
		this.#rows.set(issue_id, issue);
		return true;
	}

	#applyAnswer(row: IssueRow): boolean {
		if (this.#gone.has(row.id)) return false;
		const known = this.#rows.get(row.id);
		if (known && compareAge(row, known) <= 0) return false;
		this.#rows.set(row.id, row);
		return true;
	}

	#replace(rows: readonly IssueRow[]): Set<number> {
		const changed = new Set([...this.#rows.keys(), ...rows.map(({ id }) => id)]);
		this.#rows = new Map(rows.map((row) => [row.id, row]));
		this.#gone.clear();
		return changed;
	}
}

/** Positive when `a` is the newer copy of the same issue. */
export function compareAge(a: IssueRow, b: IssueRow): number {
	return a.version - b.version || compareTimes(a.updated_at, b.updated_at);
}

/** Compares RFC 3339 times in UTC to the last digit; `Date` would stop at milliseconds. */
export function compareTimes(a: string, b: string): number {
	const [first, second] = [digits(a), digits(b)];
	return first < second ? -1 : first > second ? 1 : 0;
}

/** Without the zone and with a fixed width, so that the order of texts is the order of times. */
function digits(time: string): string {
	const [seconds = '', fraction = ''] = time.replace(/(Z|\+00:00)$/, '').split('.');
	return `${seconds}.${fraction.padEnd(9, '0')}`;
}
