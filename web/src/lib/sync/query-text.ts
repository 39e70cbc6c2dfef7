import { SEVERITIES, STATUSES } from '#lib/api/types.ts';
import type { IssueFilter } from './query.ts';

/**
 * A filter as people type it: `status:open,triaged assignee:me tag:"needs info" words`.
 *
 * What is not a known field with a known value is a word to search for, so that nothing typed is an error.
 */
export function parseQuery(text: string): IssueFilter {
	const filter: IssueFilter = {};
	const words: string[] = [];
	for (const [token, field = '', listed = ''] of text.matchAll(TOKEN)) {
		const values = [...listed.matchAll(VALUE)].map(([, quoted, plain]) => quoted ?? plain ?? '');
		if (!take(filter, field.toLowerCase(), values)) words.push(token);
	}
	if (words.length > 0) filter.text = words.join(' ');
	return filter;
}

/** The text that `parseQuery` reads back as this filter. */
export function formatQuery({ status, severity, assignee, reporter, tag, text }: IssueFilter): string {
	return [
		...written('status', status),
		...written('severity', severity),
		...written('assignee', assignee),
		...written('reporter', reporter),
		...(tag ?? []).flatMap((name) => written('tag', [name])),
		...(text ? [text] : [])
	].join(' ');
}

const TOKEN = /(?:(\w+):)?((?:"[^"]*"|[^\s"])+)/g;
const VALUE = /"([^"]*)"|([^",]+)/g;

function take(filter: IssueFilter, field: string, values: string[]): boolean {
	if (values.length === 0) return false;
	switch (field) {
		case 'status':
			return add(filter, 'status', values, (value) => STATUSES.find((status) => status === value));
		case 'severity':
			return add(filter, 'severity', values, (value) => SEVERITIES.find((severity) => severity === value));
		case 'assignee':
			return add(filter, 'assignee', values, (value) =>
				value === 'me' || value === 'none' ? value : idOf(value)
			);
		case 'reporter':
			return add(filter, 'reporter', values, (value) => (value === 'me' ? value : idOf(value)));
		case 'tag':
			return add(filter, 'tag', values, (value) => value);
		default:
			return false;
	}
}

/** All of the values or none: half a filter would show something else than what was asked for. */
function add<Field extends 'status' | 'severity' | 'assignee' | 'reporter' | 'tag'>(
	filter: IssueFilter,
	field: Field,
	values: string[],
	read: (value: string) => NonNullable<IssueFilter[Field]>[number] | undefined
): boolean {
	const known = values.flatMap((value) => read(value) ?? []);
	if (known.length < values.length) return false;
	const before: readonly unknown[] = filter[field] ?? [];
	filter[field] = [...new Set([...before, ...known])] as IssueFilter[Field];
	return true;
}

function idOf(text: string): number | undefined {
	return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

function written(field: string, values: readonly (string | number)[] | undefined): string[] {
	if (!values?.length) return [];
	return [
		`${field}:${values.map((value) => (/[\s",:]/.test(String(value)) ? `"${value}"` : value)).join(',')}`
	];
}
