// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { Base, compareTimes } from './base.ts';
import { anEvent, aRow } from '../../../tests/unit/builders.ts';

describe('compareTimes', () => {
	it('orders by the last digit, whether or not there are fractions', () => {
		expect(compareTimes('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000001Z')).toBe(-1);
		expect(compareTimes('2026-01-01T00:00:00.12Z', '2026-01-01T00:00:00.119999Z')).toBe(1);
		expect(compareTimes('2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.500+00:00')).toBe(0);
	});
});

describe('Base', () => {
	it('keeps the newer copy whichever comes first', () => {
		const base = new Base();
		base.apply({ kind: 'events', events: [anEvent({ issue: aRow({ id: 1, version: 3, title: 'new' }) })] });
		base.apply({ kind: 'rows', rows: [aRow({ id: 1, version: 2, title: 'old' })] });
		expect(base.get(1)?.title).toBe('new');
	});

	it('tells two copies of one version apart by their time of change', () => {
		const base = new Base();
		base.apply({
			kind: 'rows',
			rows: [aRow({ id: 1, updated_at: '2026-01-02T00:00:00Z', comment_count: 2 })]
		});
		base.apply({
			kind: 'rows',
			rows: [aRow({ id: 1, updated_at: '2026-01-01T00:00:00Z', comment_count: 1 })]
		});
		expect(base.get(1)?.comment_count).toBe(2);
	});

	it('lets the feed win a tie, because it comes in order', () => {
		const base = new Base();
		base.apply({ kind: 'rows', rows: [aRow({ id: 1, attachment_count: 0 })] });
		base.apply({ kind: 'events', events: [anEvent({ issue: aRow({ id: 1, attachment_count: 1 }) })] });
		base.apply({ kind: 'rows', rows: [aRow({ id: 1, attachment_count: 0 })] });
		expect(base.get(1)?.attachment_count).toBe(1);
	});

	it('does not let a late list bring a deleted issue back, but the feed may', () => {
		const base = new Base();
		base.apply({ kind: 'rows', rows: [aRow({ id: 1 })] });
		base.apply({ kind: 'events', events: [anEvent({ issue_id: 1, issue: null })] });
		base.apply({ kind: 'rows', rows: [aRow({ id: 1, version: 9 })] });
		expect(base.get(1)).toBeUndefined();
		base.apply({ kind: 'events', events: [anEvent({ type: 'issue.restored', issue: aRow({ id: 1 }) })] });
		expect(base.get(1)).toBeDefined();
	});

	it('takes a snapshot as it is, even one from before what it knows', () => {
		const base = new Base();
		base.apply({ kind: 'rows', rows: [aRow({ id: 1, version: 5 }), aRow({ id: 2 })] });
		base.apply({ kind: 'snapshot', rows: [aRow({ id: 1, version: 4 })] });
		expect([...base.values()].map(({ id, version }) => [id, version])).toEqual([[1, 4]]);
	});

	it('says which issues changed', () => {
		const base = new Base();
		base.apply({ kind: 'rows', rows: [aRow({ id: 1, version: 2 })] });
		const changed = base.apply({ kind: 'rows', rows: [aRow({ id: 1, version: 1 }), aRow({ id: 2 })] });
		expect([...changed]).toEqual([2]);
	});
});
