import { explain } from '#lib/api/errors.ts';
import { notify } from '#lib/state/notices.svelte.ts';
import { session } from '#lib/state/session.svelte.ts';

/** Signing out asks first when it would lose changes that the server has not got yet. */
class Leave {
	asking = $state(false);

	async ask(): Promise<void> {
		if (session.unsent > 0) this.asking = true;
		else await this.go();
	}

	async go(): Promise<void> {
		this.asking = false;
		try {
			await session.signOut();
		} catch (error) {
			const { title, hint } = explain(error);
			notify.failure(`You are still signed in: ${title.toLowerCase()}`, hint);
		}
	}
}

export const leave = new Leave();
