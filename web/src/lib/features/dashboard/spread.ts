import type { Figures } from './queries.ts';
import { bucketName, duration } from './words.ts';

type Duration = Figures['time_to_close'];

export interface Bucket {
	name: string;
	from: number;
	to: number | null;
	count: number;
}

export function bucketsOf({ distribution }: Duration): Bucket[] {
	return distribution.map(({ below_seconds: to, count }, index) => {
		const from = distribution[index - 1]?.below_seconds ?? 0;
		return { name: bucketName(from, to), from, to, count };
	});
}

/** Where a duration stands among the buckets, in buckets: 1.5 is the middle of the second. */
export function placeOf(seconds: number, buckets: readonly Bucket[]): number {
	const index = buckets.findIndex(({ to }) => to === null || seconds < to);
	const bucket = buckets[index];
	if (!bucket) return 0;
	return index + (bucket.to === null ? 0.5 : (seconds - bucket.from) / (bucket.to - bucket.from));
}

export function summariseSpread({ count, median_seconds, p85_seconds }: Duration, nothing: string): string {
	if (median_seconds === null || p85_seconds === null) return nothing;
	return `Half within ${duration(median_seconds)}, 85 % within ${duration(p85_seconds)}; ${count.toLocaleString()} in all.`;
}
