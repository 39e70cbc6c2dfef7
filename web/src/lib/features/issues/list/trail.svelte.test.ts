import { beforeEach, describe, expect, it } from 'vitest';
import { trail } from './trail.svelte.ts';

beforeEach(() => (trail.ids = [5, 4, 3, 2]));

describe('the neighbours of an issue', () => {
	it('are those in the list it was opened from', () => {
		expect(trail.neighbours(4)).toEqual({ at: 1, previous: 5, next: 3 });
		expect(trail.neighbours(5)).toEqual({ at: 0, previous: null, next: 4 });
		expect(trail.neighbours(2)).toEqual({ at: 3, previous: 3, next: null });
	});

	it('stay when it leaves the list', () => {
		trail.neighbours(4);
		trail.ids = [5, 3, 2];
		expect(trail.neighbours(4)).toEqual({ at: -1, previous: 5, next: 3 });
	});

	it('are the first one for an issue that was never in it', () => {
		trail.neighbours(4);
		expect(trail.neighbours(9)).toEqual({ at: -1, previous: null, next: 5 });
		trail.ids = [];
		expect(trail.neighbours(9)).toEqual({ at: -1, previous: null, next: null });
	});
});
