import { range } from 'd3-array';
import { scaleBand, scaleLinear } from 'd3-scale';

export interface Box {
	width: number;
	height: number;
	top: number;
	right: number;
	bottom: number;
	left: number;
}

export interface Scales {
	/** The left edge of a slot. */
	x: (slot: number) => number;
	/** How wide a slot's marks are. */
	band: number;
	center: (slot: number) => number;
	y: (value: number) => number;
	ticks: number[];
	box: Box;
}

/** Equal slots from left to right, and counts of things, which have no halves, from bottom to top. */
export function scalesOf(slots: number, [low, high]: readonly [number, number], box: Box): Scales {
	const across = scaleBand(range(slots), [box.left, Math.max(box.left, box.width - box.right)]).paddingInner(
		slots > 60 ? 0.15 : 0.3
	);
	const up = scaleLinear([low, Math.max(high, low + 4)], [box.height - box.bottom, box.top]).nice(4);
	const x = (slot: number) => across(slot) ?? box.left;
	return {
		x,
		band: across.bandwidth(),
		center: (slot) => x(slot) + across.bandwidth() / 2,
		y: (value) => up(value),
		ticks: up.ticks(4).filter(Number.isInteger),
		box
	};
}

/** The slot under a horizontal position: gaps belong to the slot on their left. */
export function slotAt(position: number, slots: number, { x, box }: Scales): number | null {
	if (slots === 0 || position < box.left || position > box.width - box.right) return null;
	const step = slots > 1 ? x(1) - x(0) : Infinity;
	return Math.min(slots - 1, Math.max(0, Math.floor((position - x(0)) / step)));
}

/** Which slots get a label: every so many, counted from the last, which is where people look first. */
export function labelledSlots(slots: number, room: number, labelWidth: number): number[] {
	const most = Math.max(1, Math.floor(room / labelWidth));
	const every = Math.max(1, Math.ceil(slots / most));
	return range(slots).filter((slot) => (slots - 1 - slot) % every === 0);
}
