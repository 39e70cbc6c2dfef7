import { CLOSED_STATUSES, OPEN_STATUSES, SEVERITIES, STATUSES, type Severity } from '#lib/api/types.ts';
import { PARTS, QueryError, SORTS, type Dated, type Day, type Node, type Sort, type Who } from './ast.ts';
import { readDuration, readSpan } from './dates.ts';
import { strip } from './space.ts';

/** One of the values behind a colon; what is quoted has no other meaning than itself. */
export interface Value {
	text: string;
	position: number;
	isQuoted: boolean;
}

/** What may stand behind each field's colon. */
export const READERS: Record<string, (values: Value[], today: Day) => Node> = {
	is: (values) => {
		const wanted = values.map((value) => oneOf(value, ['open', 'closed']));
		const statuses = STATUSES.filter((status) =>
			wanted.some((state) => (state === 'open' ? OPEN_STATUSES : CLOSED_STATUSES).includes(status))
		);
		return { type: 'InStatus', values: statuses };
	},
	status: (values) => ({ type: 'InStatus', values: values.map((value) => oneOf(value, STATUSES)) }),
	severity: (values) => ({ type: 'InSeverity', values: [...new Set(values.flatMap(readSeverities))] }),
	tag: (values) => {
		for (const { text, position } of values) {
			if (!strip(text)) throw new QueryError(position, 'Expected a tag.');
		}
		return { type: 'Tagged', names: values.map(({ text }) => text) };
	},
	assignee: (values) => ({ type: 'Of', role: 'assignee', people: values.map((value) => who(value, true)) }),
	reporter: (values) => ({ type: 'Of', role: 'reporter', people: values.map((value) => who(value, false)) }),
	has: readHas,
	no: (values) => ({ type: 'Not', term: readHas(values) }),
	created: (values, today) => readDated('created', values, today),
	updated: (values, today) => readDated('updated', values, today),
	closed: (values, today) => readDated('closed', values, today),
	took: (values) =>
		either(
			values.map(({ text, position }) => {
				const [least, below] = readDuration(text, position);
				return { type: 'Took', least, below };
			})
		)
};

/** Behind `was:`, or `status was:`; without a field the value tells which. */
export function readWas(values: Value[], field: string | null): Node {
	if (field === 'assignee') {
		return { type: 'WasAssigned', people: values.map((value) => who(value, true)) };
	}
	const tells = SEVERITIES.some((severity) => severity === values[0]?.text.toLowerCase());
	if (field === 'severity' || (field === null && tells)) {
		return { type: 'WasSeverity', values: values.map((value) => oneOf(value, SEVERITIES)) };
	}
	return { type: 'WasStatus', values: values.map((value) => oneOf(value, STATUSES)) };
}

export function readSort({ text, position, isQuoted }: Value): Sort {
	const lowered = text.toLowerCase();
	const [, name, direction] = /^(.*)-(asc|desc)$/su.exec(lowered) ?? [];
	const sort = name === undefined ? lowered : direction === 'desc' ? `-${name}` : name;
	return oneOf({ text: sort, position, isQuoted }, SORTS);
}

/**
 * What two conditions on a field that has one value at a time mean together.
 *
 * Nothing is open and done at once, so whoever asks for `status:open status:done` wants either.
 */
export function widened(one: Node, other: Node): Node {
	if (one.type === 'InStatus' && other.type === 'InStatus') {
		return { ...one, values: [...new Set([...one.values, ...other.values])] };
	}
	if (one.type === 'InSeverity' && other.type === 'InSeverity') {
		return { ...one, values: [...new Set([...one.values, ...other.values])] };
	}
	if (one.type === 'Of' && other.type === 'Of') {
		const people = new Map([...one.people, ...other.people].map((who) => [JSON.stringify(who), who]));
		return { ...one, people: [...people.values()] };
	}
	return { type: 'All', terms: [one, other] };
}

function readSeverities(value: Value): Severity[] {
	const [, comparison, name] = /^(>=|<=|>|<)(.*)$/su.exec(value.text) ?? [];
	if (comparison === undefined || name === undefined) return [oneOf(value, SEVERITIES)];
	const position = value.position + comparison.length;
	const bound = SEVERITIES.indexOf(oneOf({ ...value, text: name, position }, SEVERITIES));
	switch (comparison) {
		case '>':
			return SEVERITIES.slice(bound + 1);
		case '>=':
			return SEVERITIES.slice(bound);
		case '<':
			return SEVERITIES.slice(0, bound);
		default:
			return SEVERITIES.slice(0, bound + 1);
	}
}

function readHas(values: Value[]): Node {
	return either(values.map((value) => ({ type: 'Has', part: oneOf(value, PARTS) })));
}

function readDated(field: Dated['field'], values: Value[], today: Day): Node {
	return either(
		values.map(({ text, position }) => {
			const [since, until] = readSpan(text, position, today);
			return { type: 'Dated', field, since, until };
		})
	);
}

function either(terms: Node[]): Node {
	const [first, ...others] = terms;
	return first && others.length === 0 ? first : { type: 'Any', terms };
}

const MAX_ID = 2n ** 63n - 1n;

function who({ text, position, isQuoted }: Value, mayBeNobody: boolean): Who {
	const name = strip(text);
	const lowered = name.toLowerCase();
	if (!isQuoted) {
		if (lowered === '@me' || lowered === 'me') return { type: 'Me' };
		if (mayBeNobody && (lowered === '@none' || lowered === 'none')) return { type: 'Nobody' };
		if (/^[1-9][0-9]{0,18}$/u.test(name) && BigInt(name) <= MAX_ID) {
			return { type: 'PersonId', id: Number(name) };
		}
	}
	if (!name || (!isQuoted && (/^\p{Nd}+$/u.test(name) || name.startsWith('@')))) {
		const nobody = mayBeNobody ? ', none' : '';
		throw new QueryError(position, `Expected a person: @me${nobody}, a name like "Ann Lee", or an id.`);
	}
	return { type: 'PersonName', name };
}

function oneOf<T extends string>({ text, position }: Value, choices: readonly T[]): T {
	const found = choices.find((choice) => choice === text.toLowerCase());
	if (found !== undefined) return found;
	throw new QueryError(position, `Expected ${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}.`);
}
