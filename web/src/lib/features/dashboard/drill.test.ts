import { describe, expect, it } from 'vitest';
import { tidy } from '#lib/query/chips.ts';
import { parse } from '#lib/query/parser.ts';
import { among, during, lasting, OPEN } from './drill.ts';

const day = { from: '2026-01-05', to: '2026-01-05' };
const week = { from: '2026-01-05', to: '2026-01-11' };

describe('what a figure leads to', () => {
	const TODAY = '2026-01-15';

	it('finds exactly what is counted', () => {
		expect(among('', '', TODAY)).toBe('');
		expect(among(`${OPEN} severity:high`, '', TODAY)).toBe('is:open severity:high');
		expect(among(during('created', day), '', TODAY)).toBe('created:2026-01-05');
		expect(among(`status:done ${during('closed', week)}`, '', TODAY)).toBe(
			'status:done closed:2026-01-05..2026-01-11'
		);
	});

	it('stays among the issues of a query, whatever that says', () => {
		expect(among('', 'tag:ui', TODAY)).toBe('tag:ui');
		expect(among(OPEN, 'tag:ui', TODAY)).toBe('is:open tag:ui');
		expect(among(OPEN, 'login OR sign-in', TODAY)).toBe('is:open (login OR sign-in)');
		const narrower = among('status:done', 'status:open,done assignee:@me', TODAY);
		expect(tidy(narrower, TODAY).q).toBe(tidy(tidy(narrower, TODAY).q, TODAY).q);
		expect(parse(tidy(narrower, TODAY).q, TODAY).root).toEqual({
			type: 'All',
			terms: [
				{ type: 'InStatus', values: ['done'] },
				{
					type: 'All',
					terms: [
						{ type: 'InStatus', values: ['open', 'done'] },
						{ type: 'Of', role: 'assignee', people: [{ type: 'Me' }] }
					]
				}
			]
		});
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
