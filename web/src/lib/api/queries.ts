import { QueryClient } from '@tanstack/svelte-query';
import { Problem } from './errors.ts';

/** For what is not synced: asked when looked at, and again when one comes back to it. */
export function createQueryClient(): QueryClient {
	return new QueryClient({
		defaultOptions: {
			queries: {
				staleTime: 10_000,
				retry: (failures, error) => failures < 2 && error instanceof Problem && error.isTemporary
			}
		}
	});
}
