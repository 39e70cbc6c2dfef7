import { createInfiniteQuery, createMutation, useQueryClient } from '@tanstack/svelte-query';
import { api, ok } from '#lib/api/client.ts';
import { explain } from '#lib/api/errors.ts';
import type { Role, User } from '#lib/api/types.ts';
import { assignable } from '#lib/features/people/people.svelte.ts';
import { notify } from '#lib/state/notices.svelte.ts';
import { randomId } from '#lib/utils/platform.ts';

const PEOPLE = ['people'];
const TRASH = ['trash'];
const LIMIT = 100;

export interface PersonChange {
	full_name?: string;
	role?: Role;
	is_active?: boolean;
	password?: string;
}

export interface NewPerson {
	email: string;
	full_name: string;
	password: string;
	role: Role;
}

export function usePeople() {
	return createInfiniteQuery(() => ({
		queryKey: PEOPLE,
		queryFn: ({ signal, pageParam }) => ok(api.GET('/users', { params: { query: page(pageParam) }, signal })),
		initialPageParam: null as string | null,
		getNextPageParam: ({ next_cursor }) => next_cursor
	}));
}

/** Refusals are told where they happen: the caller shows what `mutateAsync` throws. */
export function useAddPerson() {
	const client = useQueryClient();
	return createMutation(() => ({
		mutationFn: (body: NewPerson) => ok(api.POST('/users', { body, headers: once() })),
		onSuccess: (person: User) => {
			notify.success(`${person.full_name} can sign in now`);
			assignable.forget();
			return client.invalidateQueries({ queryKey: PEOPLE });
		}
	}));
}

export function useChangePerson() {
	const client = useQueryClient();
	return createMutation(() => ({
		mutationFn: ({ id, change }: { id: number; change: PersonChange }) =>
			ok(api.PATCH('/users/{user_id}', { params: { path: { user_id: id } }, body: change, headers: once() })),
		onSettled: () => {
			assignable.forget();
			return client.invalidateQueries({ queryKey: PEOPLE });
		}
	}));
}

export function useTrash() {
	return createInfiniteQuery(() => ({
		queryKey: TRASH,
		queryFn: ({ signal, pageParam }) =>
			ok(api.GET('/issues/trash', { params: { query: page(pageParam) }, signal })),
		initialPageParam: null as string | null,
		getNextPageParam: ({ next_cursor }) => next_cursor
	}));
}

export function usePurge() {
	const client = useQueryClient();
	return createMutation(() => ({
		mutationFn: (id: number) =>
			ok(api.DELETE('/issues/trash/{issue_id}', { params: { path: { issue_id: id } }, headers: once() })),
		onSuccess: (_: unknown, id: number) => notify.success(`#${id} is gone for good`),
		onError: (error: Error) => {
			const { title, hint } = explain(error);
			notify.failure(title, hint);
		},
		onSettled: () => client.invalidateQueries({ queryKey: TRASH })
	}));
}

export function useTrashRefresh() {
	const client = useQueryClient();
	return () => client.invalidateQueries({ queryKey: TRASH });
}

function page(cursor: string | null) {
	return cursor === null ? { limit: LIMIT } : { limit: LIMIT, cursor };
}

/** However often it is sent, it happens once. */
function once() {
	return { 'Idempotency-Key': randomId() };
}
