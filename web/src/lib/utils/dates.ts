import { preferences } from '#lib/state/preferences.svelte.ts';

const UNITS: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
	['year', 31_557_600],
	['month', 2_629_800],
	['week', 604_800],
	['day', 86_400],
	['hour', 3_600],
	['minute', 60]
];

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const formats = new Map<string, Intl.DateTimeFormat>();

/** `5 minutes ago`, `yesterday`, `in 3 days`. */
export function relativeTime(iso: string, now: Date): string {
	const seconds = (Date.parse(iso) - now.getTime()) / 1000;
	for (const [unit, size] of UNITS) {
		if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
	}
	return relative.format(0, 'second');
}

/** Date and time in full, in the person's time zone. */
export function absoluteTime(iso: string): string {
	return format({ dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}

/** The day alone. */
export function absoluteDate(iso: string): string {
	return format({ dateStyle: 'medium' }).format(new Date(iso));
}

/** The hour and the minute, and the second if it matters. */
export function timeOfDay(moment: Date | number, { seconds = false } = {}): string {
	return format({ timeStyle: seconds ? 'medium' : 'short' }).format(moment);
}

/** The time alone if it was today, else with its day. */
export function momentOf(iso: string, now: Date): string {
	const isToday = absoluteDate(iso) === absoluteDate(now.toISOString());
	return isToday ? timeOfDay(new Date(iso)) : absoluteTime(iso);
}

/** Formats are slow to make: each is made once. */
function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const timeZone = preferences.timeZone ?? undefined;
	const key = JSON.stringify([options, timeZone]);
	let made = formats.get(key);
	if (!made) {
		made = new Intl.DateTimeFormat(undefined, { ...options, timeZone });
		formats.set(key, made);
	}
	return made;
}
