import { describe, expect, it } from 'vitest';
import { drill, drillText, OPEN } from './drill.ts';

const day = { from: '2026-01-05', to: '2026-01-05' };
const week = { from: '2026-01-05', to: '2026-01-11' };

describe('drillText', () => {
	it.each([
		[{ status: ['done' as const], closed: week }, 'status:done closed:2026-01-05..2026-01-11'],
		[{ created: day }, 'created:2026-01-05'],
		[{ reporter: [7], created: week }, 'reporter:7 created:2026-01-05..2026-01-11'],
		[{ ...OPEN, tag: ['needs info'] }, 'status:open,triaged,in_progress tag:"needs info"'],
		[{}, '']
	])('writes %j', (counted, text) => {
		expect(drillText(counted)).toBe(text);
	});
});

describe('drill', () => {
	const open = 'status=open&status=triaged&status=in_progress';

	it('leads to exactly what is counted, closed long ago or not', () => {
		expect(drill({ ...OPEN, assignee: ['none'] })).toBe(`/issues?${open}&assignee=none`);
		expect(drill({ status: ['done'] })).toBe('/issues?status=done&older=1');
		expect(drill({ severity: ['high'] })).toBe('/issues?severity=high&older=1');
		expect(drill({})).toBe('/issues?older=1');
	});

	it('takes tags as they are, whatever is in them', () => {
		expect(drill({ ...OPEN, tag: ['a,b: "c"'] })).toBe(`/issues?${open}&tag=a%2Cb%3A+%22c%22`);
	});
});
