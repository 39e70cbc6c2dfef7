// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { labelledSlots, scalesOf, slotAt } from './scale.ts';
import { fileName, toCsv } from './table.ts';

const box = { width: 430, height: 200, top: 10, right: 10, bottom: 20, left: 20 };

describe('scalesOf', () => {
	it('puts the slots side by side within the box', () => {
		const { x, band, center } = scalesOf(10, [0, 5], box);
		expect(x(0)).toBeGreaterThanOrEqual(box.left);
		expect(x(9) + band).toBeLessThanOrEqual(box.width - box.right + 0.001);
		expect(center(3)).toBeCloseTo(x(3) + band / 2);
	});

	it('counts upwards in whole numbers, even where there is next to nothing', () => {
		const { y, ticks } = scalesOf(1, [0, 1], box);
		expect(y(0)).toBe(box.height - box.bottom);
		expect(ticks.every(Number.isInteger)).toBe(true);
		expect(ticks.length).toBeGreaterThan(2);
	});

	it('has no width to give before it is measured', () => {
		expect(scalesOf(3, [0, 1], { ...box, width: 0 }).band).toBe(0);
	});
});

describe('slotAt', () => {
	const scales = scalesOf(10, [0, 5], box);

	it('finds every slot at its centre, and none beside the box', () => {
		for (let slot = 0; slot < 10; slot += 1) expect(slotAt(scales.center(slot), 10, scales)).toBe(slot);
		expect(slotAt(5, 10, scales)).toBeNull();
		expect(slotAt(box.width, 10, scales)).toBeNull();
	});

	it('knows one slot, and none', () => {
		expect(slotAt(200, 1, scalesOf(1, [0, 1], box))).toBe(0);
		expect(slotAt(200, 0, scalesOf(0, [0, 1], box))).toBeNull();
	});
});

describe('labelledSlots', () => {
	it('always has the last, and no more than there is room for', () => {
		expect(labelledSlots(30, 400, 56)).toEqual([4, 9, 14, 19, 24, 29]);
		expect(labelledSlots(3, 400, 56)).toEqual([0, 1, 2]);
		expect(labelledSlots(0, 400, 56)).toEqual([]);
	});
});

describe('toCsv', () => {
	it('quotes what needs it, and gives spreadsheets nothing to run', () => {
		const csv = toCsv({
			columns: ['Tag', 'Issues'],
			rows: [
				{ head: '5 Jan', id: '2026-01-05', cells: [{ value: 3 }] },
				{ head: 'a,"b"', cells: [{ value: null }] },
				{ head: '=cmd()', cells: [{ value: -2 }] }
			]
		});
		expect(csv).toBe('\uFEFFTag,Issues\r\n2026-01-05,3\r\n"a,""b""",\r\n\'=cmd(),-2\r\n');
	});
});

describe('fileName', () => {
	it('is plain', () => {
		expect(fileName('Time to close: 85 %', '2026-01-05')).toBe('time-to-close-85-2026-01-05');
	});
});
