import { explain } from '#lib/api/errors.ts';
import { unfinished } from '#lib/features/attachments/unfinished.ts';
import { notify } from '#lib/state/notices.svelte.ts';
import { session } from '#lib/state/session.svelte.ts';

/** Signing out asks first when it would lose what the server has not got yet. */
class Leave {
	asking = $state(false);

	/** What would be lost; empty when nothing would be. */
	get losing(): string {
		const changes = counted(session.unsent, 'change');
		const files = counted(unfinished.count(), 'file');
		return [changes, files].filter(Boolean).join(' and ');
	}

	async ask(): Promise<void> {
		if (this.losing) this.asking = true;
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

function counted(count: number, what: string): string {
	return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}

export const leave = new Leave();
