/** The twin of a chart: everything that it draws, in words and numbers. */
export interface Table {
	columns: string[];
	rows: Row[];
}

export interface Row {
	head: string;
	/** What the head is in a file, where it is not for reading. */
	id?: string;
	href?: string | null;
	cells: Cell[];
}

export interface Cell {
	value: number | string | null;
	href?: string | null;
}

/** RFC 4180, with the mark by which spreadsheets know UTF-8. */
export function toCsv({ columns, rows }: Table): string {
	const lines = [
		columns,
		...rows.map(({ head, id, cells }) => [id ?? head, ...cells.map(({ value }) => value)])
	];
	return `\uFEFF${lines.map((line) => line.map(field).join(',')).join('\r\n')}\r\n`;
}

function field(value: number | string | null): string {
	if (typeof value !== 'string') return String(value ?? '');
	// A spreadsheet would run it: names and tags are what anybody wrote.
	const text = /^[=+\-@\t\r\n＝＋－＠]/u.test(value) ? `'${value}` : value;
	return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function fileName(title: string, day: string): string {
	const plain = title.toLowerCase().replaceAll(/[^a-z0-9]+/gu, '-');
	return `${plain.replaceAll(/^-|-$/gu, '')}-${day}`;
}
