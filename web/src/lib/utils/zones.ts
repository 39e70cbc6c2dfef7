const formats = new Map<string, Intl.DateTimeFormat>();

/** The moment at which a day (`2026-01-31`) begins in a time zone, in milliseconds. */
export function midnight(day: string, zone: string): number {
	const naive = new Date(0).setUTCFullYear(
		Number(day.slice(0, 4)),
		Number(day.slice(5, 7)) - 1,
		Number(day.slice(8))
	);
	// Where the clocks change at midnight: the first of two, or the moment that there was instead of none.
	const before = naive - offset(naive - 86_400_000, zone);
	if (naive - offset(before, zone) === before) return before;
	const after = naive - offset(naive + 86_400_000, zone);
	return naive - offset(after, zone) === after ? after : before;
}

/** The calendar day that a moment falls on in a time zone. */
export function dayIn(zone: string, moment: Date): string {
	const { year = '', month = '', day = '' } = partsOf(moment.getTime(), zone);
	return `${year.padStart(4, '0')}-${month}-${day}`;
}

/** How far the clocks of a zone are ahead of UTC, in milliseconds. */
function offset(time: number, zone: string): number {
	const { year, month, day, hour, minute, second } = partsOf(time, zone);
	const local = new Date(0);
	local.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
	local.setUTCHours(Number(hour), Number(minute), Number(second));
	return local.getTime() - Math.floor(time / 1000) * 1000;
}

function partsOf(time: number, zone: string): Partial<Record<Intl.DateTimeFormatPartTypes, string>> {
	let format = formats.get(zone);
	if (!format) {
		format = new Intl.DateTimeFormat('en-u-ca-iso8601', {
			timeZone: zone,
			hourCycle: 'h23',
			year: 'numeric',
			month: '2-digit',
			day: '2-digit',
			hour: '2-digit',
			minute: '2-digit',
			second: '2-digit'
		});
		formats.set(zone, format);
	}
	return Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
}
