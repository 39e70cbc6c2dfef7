const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const WEEK = 604_800;

const shortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const longDay = new Intl.DateTimeFormat(undefined, {
	weekday: 'short',
	day: 'numeric',
	month: 'short',
	timeZone: 'UTC'
});

/** A calendar day, which has no time zone. */
export function dayName(day: string): string {
	return shortDay.format(new Date(`${day}T00:00Z`));
}

export function dayNameWithWeekday(day: string): string {
	return longDay.format(new Date(`${day}T00:00Z`));
}

export function count(number: number, one: string, many = `${one}s`): string {
	return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}

/** `40 min`, `5 h`, `2.4 days`. */
export function duration(seconds: number): string {
	if (seconds < MINUTE) return 'under a minute';
	if (seconds < HOUR) return `${Math.round(seconds / MINUTE)} min`;
	if (seconds < DAY) return `${rounded(seconds / HOUR)} h`;
	const days = rounded(seconds / DAY);
	return `${days} ${days === '1' ? 'day' : 'days'}`;
}

/** `4–24 h`, `1–2 wk`: in one unit, and the first and last without one of their ends. */
export function bucketName(from: number, to: number | null): string {
	const end = to ?? from;
	const [unit, size] =
		end <= DAY ? (['h', HOUR] as const) : end <= WEEK ? (['d', DAY] as const) : (['wk', WEEK] as const);
	if (to === null) return `> ${from / size} ${unit}`;
	return from === 0 ? `< ${to / size} ${unit}` : `${from / size}–${to / size} ${unit}`;
}

function rounded(value: number): string {
	return value.toLocaleString(undefined, { maximumFractionDigits: value < 10 ? 1 : 0 });
}
