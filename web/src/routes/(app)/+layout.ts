import { redirect } from '@sveltejs/kit';
import { returnQuery } from '#lib/features/accounts/return.ts';
import { session } from '#lib/state/session.svelte.ts';

/** Everything here is for people who are signed in; others sign in first and then come back. */
export async function load({ url }: { url: URL }): Promise<void> {
	await session.ready;
	if (!session.user) redirect(307, `/login${returnQuery(url)}`);
}
