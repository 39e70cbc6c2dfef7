import { redirect } from '@sveltejs/kit';
import { returnPath } from '#lib/features/accounts/return.ts';
import { session } from '#lib/state/session.svelte.ts';

/** Whoever is signed in has nothing to do here. */
export async function load({ url }: { url: URL }): Promise<void> {
	await session.ready;
	if (session.user) redirect(307, returnPath(url));
}
