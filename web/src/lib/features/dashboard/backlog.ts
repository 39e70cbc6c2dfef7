import { max, min } from 'd3-array';
import { stack } from 'd3-shape';
import { STATUSES, type Status } from '#lib/api/types.ts';
import type { Figures } from './queries.ts';
import { count, dayName } from './words.ts';

export type DayStatus = Figures['status_history'][number];

/** What is left to do, what is nearest to being done at the bottom. */
export const BACKLOG = ['in_progress', 'triaged', 'open'] as const satisfies Status[];
/** The same upon what is closed: how work flows through. */
export const FLOW = ['cancelled', 'done', ...BACKLOG] as const satisfies Status[];

export interface Layer {
	status: Status;
	values: { from: number; to: number }[];
}

/**
 * The layers from the bottom up. What was closed before the window would press everything else flat: each
 * closed status is counted from where it stood lowest.
 */
export function layersOf(history: readonly DayStatus[], statuses: readonly Status[]): Layer[] {
	const ground = {
		done: min(history, ({ done }) => done) ?? 0,
		cancelled: min(history, (d) => d.cancelled) ?? 0
	};
	const height = (day: DayStatus, status: Status) =>
		day[status] - (status === 'done' || status === 'cancelled' ? ground[status] : 0);
	return stack<DayStatus, Status>()
		.keys(statuses)
		.value(height)([...history])
		.map((layer) => ({ status: layer.key, values: layer.map(([from, to]) => ({ from, to })) }));
}

export function heightOf(layers: readonly Layer[]): number {
	return max(layers.at(-1)?.values ?? [], ({ to }) => to) ?? 0;
}

export function openOn(day: DayStatus): number {
	return day.open + day.triaged + day.in_progress;
}

export function describeDay(day: DayStatus, labels: Record<Status, string>): string {
	const parts = STATUSES.map((status) => `${day[status]} ${labels[status].toLowerCase()}`);
	return `${dayName(day.day)}: ${parts.join(', ')}`;
}

export function summariseBacklog(history: readonly DayStatus[]): string {
	const first = history[0];
	const last = history.at(-1);
	if (!first || !last) return 'No day has been counted yet.';
	const now = openOn(last);
	if (history.length === 1) return `${count(now, 'open issue')}. The history begins today.`;
	const change = now - openOn(first);
	const moved =
		change === 0
			? 'as many as'
			: `${Math.abs(change).toLocaleString()} ${change > 0 ? 'more' : 'fewer'} than`;
	return `${count(now, 'open issue')}, ${moved} on ${dayName(first.day)}.`;
}
