interface TrustedTypes {
	createPolicy(
		name: string,
		rules: { createScriptURL: (url: string) => string }
	): { createScriptURL: (url: string) => string };
}

const SCRIPT = '/service-worker.js';

/** Has the browser keep the app, once there is time for it: see `src/service-worker`. */
export async function keepApp(): Promise<void> {
	if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
	const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
	const policy = trustedTypes?.createPolicy('service-worker', { createScriptURL: () => SCRIPT });
	try {
		await navigator.serviceWorker.register(policy?.createScriptURL(SCRIPT) ?? SCRIPT);
	} catch {
		// Forbidden, or no room: the app works without, as long as there is a line.
	}
}
