import { describe, expect, it } from 'vitest';
import { parse } from '#lib/query/parser.ts';
import { during, drill, lasting, OPEN } from './drill.ts';

const day = { from: '2026-01-05', to: '2026-01-05' };
const week = { from: '2026-01-05', to: '2026-01-11' };

describe('drill', () => {
	it('leads to exactly what is counted', () => {
		expect(drill()).toBe('/issues');
		expect(drill(OPEN, 'severity:high')).toBe('/issues?q=is:open+severity:high');
		expect(drill(during('created', day))).toBe('/issues?q=created:2026-01-05');
		expect(drill('status:done', during('closed', week))).toBe(
			'/issues?q=status:done+closed:2026-01-05..2026-01-11'
		);
	});

	it('takes durations from one bound up to another', () => {
		expect(lasting(0, 3_600)).toBe('took:<1h');
		expect(lasting(86_400, 604_800)).toBe('took:>=24h took:<168h');
		expect(lasting(604_800, null)).toBe('took:>=168h');
		expect(parse(lasting(3_600, 14_400), '2026-01-15').root).toEqual({
			type: 'All',
			terms: [
				{ type: 'Took', least: 3_600, below: null },
				{ type: 'Took', least: null, below: 14_400 }
			]
		});
	});
});
