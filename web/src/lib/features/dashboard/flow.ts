import { greatest, sum } from 'd3-array';
import type { Figures } from './queries.ts';
import type { Days } from './drill.ts';
import { count, dayName, dayNameWithWeekday } from './words.ts';

type DayFlow = Figures['flow'][number];

/** What came in and went out over some days that are drawn as one. */
export interface Span extends Days {
	opened: number;
	done: number;
	cancelled: number;
}

/** Most days that still have a column of their own. */
const MOST_DAYS = 120;

/** By day, or by calendar week where there are too many days to tell apart; the ends may be shorter weeks. */
export function spansOf(flow: readonly DayFlow[]): Span[] {
	if (flow.length <= MOST_DAYS)
		return flow.map(({ day, ...figures }) => ({ ...figures, from: day, to: day }));
	const weeks: Span[] = [];
	for (const { day, opened, done, cancelled } of flow) {
		const week = weeks.at(-1);
		if (week && !isMonday(day)) {
			week.to = day;
			week.opened += opened;
			week.done += done;
			week.cancelled += cancelled;
		} else {
			weeks.push({ from: day, to: day, opened, done, cancelled });
		}
	}
	return weeks;
}

export function totalOf(flow: readonly DayFlow[]): Span {
	return {
		from: flow[0]?.day ?? '',
		to: flow.at(-1)?.day ?? '',
		opened: sum(flow, ({ opened }) => opened),
		done: sum(flow, ({ done }) => done),
		cancelled: sum(flow, ({ cancelled }) => cancelled)
	};
}

export function nameOf({ from, to }: Days): string {
	return from === to ? dayNameWithWeekday(from) : `${dayName(from)} – ${dayName(to)}`;
}

export function describeSpan(span: Span): string {
	return `${nameOf(span)}: ${span.opened} opened, ${span.done} done, ${span.cancelled} cancelled`;
}

export function summariseFlow(flow: readonly DayFlow[]): string {
	const { opened, done, cancelled } = totalOf(flow);
	const closed = done + cancelled;
	if (opened + closed === 0) return `Nothing was opened or closed in ${flow.length} days.`;
	const more = opened - closed;
	const net =
		more === 0
			? 'as many as were closed'
			: `${count(Math.abs(more), more > 0 ? 'more' : 'fewer', more > 0 ? 'more' : 'fewer')} than were closed`;
	const busiest = greatest(flow, (day) => day.opened);
	const peak =
		busiest && busiest.opened > 1 ? ` Most came in on ${dayName(busiest.day)}: ${busiest.opened}.` : '';
	return `${opened.toLocaleString()} opened in ${flow.length} days, ${net}.${peak}`;
}

function isMonday(day: string): boolean {
	return new Date(`${day}T00:00Z`).getUTCDay() === 1;
}
