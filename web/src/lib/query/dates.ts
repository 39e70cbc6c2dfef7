import { QueryError, type Day } from './ast.ts';

const EXPECTED =
	'Expected a date: 2026-01-31, 2026-01, 2026, today, yesterday, -7d, last-30d, or a range like -4w..-2w.';
const EXPECTED_DURATION = 'Expected a duration: <4h, >=7d, or a range like 1d..2w.';

const COMPARISON = /^(>=|<=|>|<|=)?(.*)$/su;
const CALENDAR = /^([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?$/u;
const AGO = /^-([0-9]{1,4})([dwmy])$/u;
const LAST = /^last-([0-9]{1,4})([dwmy])$/u;
const DURATION = /^([0-9]{1,5})([hdw])$/iu;
const SECONDS: Record<string, number> = { h: 3_600, d: 86_400, w: 604_800 };

const DAY_LENGTH = 86_400_000;

/** From the beginning of one day to the beginning of another; null is no bound. */
export type Span = readonly [since: Day | null, until: Day | null];

/** The days that a date, a comparison or a range means. */
export function readSpan(text: string, position: number, today: Day): Span {
	if (text.includes('*') || text.includes('..')) {
		const [first, last] = ends(text);
		if (last === null) throw new QueryError(position, EXPECTED);
		return [
			first === '*' ? null : period(first, position, today)[0],
			last === '*' ? null : period(last, position + first.length + 2, today)[1]
		];
	}
	const [comparison, value] = compared(text);
	const [since, until] = period(value, position + text.length - value.length, today);
	switch (comparison) {
		case '<':
			return [null, since];
		case '<=':
			return [null, until];
		case '>':
			return [until, null];
		case '>=':
			return [since, null];
		default:
			return [since, until];
	}
}

/** The day after the last that a date means. */
export function readDayAfter(text: string, position: number, today: Day): Day {
	return period(text, position, today)[1];
}

/** The seconds from which and below which a duration is meant. */
export function readDuration(text: string, position: number): [number | null, number | null] {
	const [first, last] = ends(text);
	if (last !== null) return [seconds(first, position), seconds(last, position + first.length + 2)];
	const [comparison, value] = compared(text);
	if (comparison === '' || comparison === '=') throw new QueryError(position, EXPECTED_DURATION);
	const bound = seconds(value, position + text.length - value.length);
	return comparison.startsWith('>') ? [bound, null] : [null, bound];
}

/** The day so many days later. */
export function daysLater(day: Day, count: number): Day {
	return dayAt(timeOf(day) + count * DAY_LENGTH);
}

function ends(text: string): [string, string | null] {
	const dots = text.indexOf('..');
	return dots < 0 ? [text, null] : [text.slice(0, dots), text.slice(dots + 2)];
}

function compared(text: string): [comparison: string, value: string] {
	const [, comparison = '', value = ''] = COMPARISON.exec(text) ?? [];
	return [comparison, value];
}

function seconds(text: string, position: number): number {
	const [, count, unit = ''] = DURATION.exec(text) ?? [];
	if (count === undefined) throw new QueryError(position, EXPECTED_DURATION);
	return Number(count) * (SECONDS[unit.toLowerCase()] ?? 0);
}

/** The day, month or year that a date names, as its first day and the one after its last. */
function period(text: string, position: number, today: Day): [Day, Day] {
	try {
		const found = named(text.toLowerCase(), today);
		if (found) return found;
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		throw new QueryError(position, `There is no such day. ${EXPECTED}`);
	}
	throw new QueryError(position, EXPECTED);
}

function named(text: string, today: Day): [Day, Day] | null {
	if (text === 'today') return [today, daysLater(today, 1)];
	if (text === 'yesterday') return [daysLater(today, -1), today];
	const [, ago, agoUnit = ''] = AGO.exec(text) ?? [];
	if (ago !== undefined) {
		const day = before(today, Number(ago), agoUnit);
		return [day, daysLater(day, 1)];
	}
	const [, last, lastUnit = ''] = LAST.exec(text) ?? [];
	if (last !== undefined) {
		// The last 7 days end with today and begin with the day 6 days ago.
		const tomorrow = daysLater(today, 1);
		return [before(tomorrow, Number(last), lastUnit), tomorrow];
	}
	const [, year, month, date] = CALENDAR.exec(text) ?? [];
	if (year === undefined) return null;
	const first = dayOf(Number(year), Number(month ?? 1), Number(date ?? 1));
	if (date !== undefined) return [first, daysLater(first, 1)];
	return [first, monthsLater(first, month === undefined ? 12 : 1)];
}

function before(day: Day, count: number, unit: string): Day {
	switch (unit) {
		case 'd':
			return daysLater(day, -count);
		case 'w':
			return daysLater(day, -7 * count);
		case 'm':
			return monthsLater(day, -count);
		default:
			return monthsLater(day, -12 * count);
	}
}

/** The same day of another month, or the last of that month, if it is shorter. */
function monthsLater(day: Day, count: number): Day {
	const months = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 + count;
	const [year, month] = [Math.floor(months / 12), (((months % 12) + 12) % 12) + 1];
	const length = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
	return dayOf(year, month, Math.min(Number(day.slice(8)), length));
}

/** Throws a RangeError for what is in no calendar. */
function dayOf(year: number, month: number, date: number): Day {
	const time = new Date(0).setUTCFullYear(year, month - 1, date);
	const day = dayAt(time);
	if (day !== `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}`) throw new RangeError('no such day');
	return day;
}

function dayAt(time: number): Day {
	const date = new Date(time);
	const year = date.getUTCFullYear();
	if (!(year >= 1 && year <= 9999)) throw new RangeError('beyond all calendars');
	return `${pad(year, 4)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`;
}

function timeOf(day: Day): number {
	return new Date(0).setUTCFullYear(
		Number(day.slice(0, 4)),
		Number(day.slice(5, 7)) - 1,
		Number(day.slice(8))
	);
}

function pad(value: number, width: number): string {
	return String(value).padStart(width, '0');
}
