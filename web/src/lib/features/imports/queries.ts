import {
	createInfiniteQuery,
	createMutation,
	createQuery,
	keepPreviousData,
	useQueryClient
} from '@tanstack/svelte-query';
import { api, ok } from '#lib/api/client.ts';
import { explain } from '#lib/api/errors.ts';
import type { Import, ImportMapping } from '#lib/api/types.ts';
import { notify } from '#lib/state/notices.svelte.ts';
import { randomId } from '#lib/utils/platform.ts';
import { isUnderWay } from './words.ts';

const IMPORTS = ['imports'];
/** So often the progress is asked for. */
const AGAIN = 700;
const NOTES = 20;

const at = (id: number) => ({ path: { import_id: id } });

export function useImports() {
	return createInfiniteQuery(() => ({
		queryKey: [...IMPORTS, 'list'],
		queryFn: ({ signal, pageParam }) =>
			ok(api.GET('/imports', { params: { query: pageParam ? { cursor: pageParam } : {} }, signal })),
		initialPageParam: null as string | null,
		getNextPageParam: ({ next_cursor }) => next_cursor,
		refetchInterval: ({ state }) =>
			state.data?.pages.some(({ items }) => items.some(isUnderWay)) ? AGAIN * 3 : false
	}));
}

export function useImport(id: number) {
	return createQuery(() => ({
		queryKey: [...IMPORTS, id],
		queryFn: ({ signal }) => ok(api.GET('/imports/{import_id}', { params: at(id), signal })),
		refetchInterval: ({ state }) => (state.data && isUnderWay(state.data) ? AGAIN : false)
	}));
}

export function usePreview(id: number, mapping: () => ImportMapping | null, enabled: () => boolean) {
	return createQuery(() => ({
		queryKey: [...IMPORTS, id, 'preview', mapping()],
		queryFn: ({ signal }) =>
			ok(api.POST('/imports/{import_id}/preview', { params: at(id), body: { mapping: mapping() }, signal })),
		enabled: enabled(),
		// What is shown stays until it is shown anew.
		placeholderData: keepPreviousData,
		staleTime: Infinity
	}));
}

export function useNotes(id: number, state: () => string, onlyErrors: () => boolean) {
	return createInfiniteQuery(() => ({
		queryKey: [...IMPORTS, id, 'notes', state(), onlyErrors()],
		queryFn: ({ signal, pageParam }) =>
			ok(
				api.GET('/imports/{import_id}/notes', {
					params: {
						...at(id),
						query: {
							limit: NOTES,
							...(onlyErrors() && { only: 'errors' as const }),
							...(pageParam && { cursor: pageParam })
						}
					},
					signal
				})
			),
		initialPageParam: null as string | null,
		getNextPageParam: ({ next_cursor }) => next_cursor,
		placeholderData: keepPreviousData
	}));
}

/** All notes as a file. */
export async function downloadNotes({ id }: Import): Promise<Blob> {
	const { data } = await api.GET('/imports/{import_id}/notes.csv', { params: at(id), parseAs: 'blob' });
	return data as Blob;
}

export function useUndoExtent(id: number) {
	return createQuery(() => ({
		queryKey: [...IMPORTS, id, 'undo'],
		queryFn: ({ signal }) => ok(api.GET('/imports/{import_id}/undo', { params: at(id), signal })),
		staleTime: 0
	}));
}

export function useImportActions(id: number) {
	const client = useQueryClient();
	const shared = {
		onError: (error: Error) => {
			const { title, hint } = explain(error);
			notify.failure(title, hint);
		},
		onSettled: () => client.invalidateQueries({ queryKey: IMPORTS })
	};
	const start = createMutation(() => ({
		mutationFn: ({ mapping, isTrial }: { mapping: ImportMapping | null; isTrial: boolean }) =>
			ok(
				api.POST('/imports/{import_id}/start', {
					params: at(id),
					body: { dry_run: isTrial, mapping },
					headers: once()
				})
			),
		...shared
	}));
	const undo = createMutation(() => ({
		mutationFn: (force: boolean) =>
			ok(api.POST('/imports/{import_id}/undo', { params: at(id), body: { force }, headers: once() })),
		...shared
	}));
	const discard = createMutation(() => ({
		mutationFn: () => ok(api.DELETE('/imports/{import_id}', { params: at(id), headers: once() })),
		...shared
	}));
	return { start, undo, discard };
}

/** However often it is sent, it happens once. */
function once() {
	return { 'Idempotency-Key': randomId() };
}
