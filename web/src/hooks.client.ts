import type { ClientInit, HandleClientError } from '@sveltejs/kit';
import { explain } from '#lib/api/errors.ts';
import { session } from '#lib/state/session.svelte.ts';
import { engine } from '#lib/sync/engine.svelte.ts';

export const init: ClientInit = () => {
	void session.restore();
	const wake = () => {
		if (document.visibilityState === 'visible') engine.wake();
	};
	addEventListener('online', wake);
	addEventListener('offline', wake);
	document.addEventListener('visibilitychange', wake);
};

export const handleError: HandleClientError = ({ error, status, message }) => {
	if (status === 404) return { message, hint: 'Check the address, or go back to the issues.' };
	console.error(error);
	const { title, hint } = explain(error);
	return { message: title, hint };
};
