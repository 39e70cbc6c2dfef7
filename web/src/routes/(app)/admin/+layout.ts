import { error } from '@sveltejs/kit';
import { session } from '#lib/state/session.svelte.ts';

export async function load({ parent }: { parent: () => Promise<unknown> }): Promise<void> {
	await parent();
	if (!session.can.manageUsers()) {
		error(403, {
			message: 'Only administrators come in here',
			hint: 'If you need something from here, ask an administrator.'
		});
	}
}
