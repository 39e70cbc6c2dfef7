/** What fields are called elsewhere. */
const OTHER_NAMES = new Map([
	['assigned', 'assignee'],
	['author', 'reporter'],
	['label', 'tag'],
	['labels', 'tag'],
	['priority', 'severity'],
	['state', 'status'],
	['tags', 'tag']
]);

/** The field that somebody means who writes this name of none. */
export function meantBy(name: string, fields: readonly string[]): string | undefined {
	const close = fields.find((field) => Math.min(field.length, name.length) > 3 && isSlip(name, field));
	return OTHER_NAMES.get(name) ?? close;
}

/** Whether one letter too many, too few, wrong, or two in the wrong order make one of the other. */
function isSlip(one: string, other: string): boolean {
	if (Math.abs(one.length - other.length) > 1) return false;
	let at = 0;
	while (at < Math.min(one.length, other.length) && one[at] === other[at]) at += 1;
	const [a, b] = [one.slice(at), other.slice(at)];
	const swapped = a.length > 1 && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
	return a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1) || swapped;
}
