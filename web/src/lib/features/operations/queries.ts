import { createQuery } from '@tanstack/svelte-query';
import { api, ok } from '#lib/api/client.ts';
import type { Problem } from '#lib/api/errors.ts';
import type { Check, Job } from '#lib/api/types.ts';

/** Nothing tells of these; whoever looks sees them as they were at most so long ago. */
export const AGAIN = 15_000;

export function useJobs() {
	return createQuery<Job[], Problem>(() => ({
		queryKey: ['jobs'],
		queryFn: ({ signal }) => ok(api.GET('/jobs', { signal })),
		refetchInterval: AGAIN
	}));
}

export function useChecks() {
	return createQuery<Check[], Problem>(() => ({
		queryKey: ['checks'],
		queryFn: ({ signal }) => ok(api.GET('/checks', { signal })),
		refetchInterval: AGAIN
	}));
}
