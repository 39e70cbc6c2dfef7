// Runs before all else, inside the page itself: `hooks.server.ts` puts it there.
(() => {
	/** @param {string} key */
	const recall = (key) => {
		try {
			return localStorage.getItem(key);
		} catch {
			return null; // Storage is blocked.
		}
	};

	// A dark theme must never flash white. `lib/state/theme.svelte.ts` writes the same key and class later.
	const choice = recall('theme');
	const dark =
		choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
	document.documentElement.classList.toggle('dark', dark);
	document.documentElement.style.colorScheme = dark ? 'dark' : 'light';

	const remembered = recall('signed-in-user');
	/** @type {Record<string, string[]>} */
	const parts = JSON.parse(document.querySelector('meta[name="parts"]')?.getAttribute('content') ?? '{}');
	const wanted = (remembered === null ? parts.guest : (parts[location.pathname] ?? parts.user)) ?? [];
	for (const href of wanted) {
		document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', href }));
	}
	if (remembered === null) return;

	// Whoever was signed in here most likely still is: what the app will ask for is under way while it comes itself.
	// What fails is asked for once more by the app, which also says so.
	/** @type {{ id: number }} */
	const { id } = JSON.parse(remembered);
	const refresh = () =>
		fetch('/api/users/token/refresh', {
			method: 'POST',
			keepalive: true,
			signal: AbortSignal.timeout(15_000)
		});
	// One tab after another, as in `lib/api/tokens.ts`.
	const grant = 'locks' in navigator ? navigator.locks.request('token-refresh', refresh) : refresh();
	const copy = grant.then((answer) => answer.clone());
	copy.catch(() => undefined);

	/** With the token, for a browser that keeps nothing of theirs yet, as `lib/sync/cache.ts` does. */
	const headers = async () => {
		const kept = await indexedDB.databases();
		const answer = await copy;
		if (!answer.ok || kept.some(({ name }) => name === `tracker-user-${id}`)) return null;
		/** @type {{ access_token: string }} */
		const { access_token } = await answer.json();
		return { Authorization: `Bearer ${access_token}` };
	};
	const known = headers().catch(() => null);
	/** @param {() => string} address */
	const ask = async (address) => {
		const headers = await known;
		return headers && (await fetch(address(), { headers, signal: AbortSignal.timeout(120_000) }));
	};
	/** What the list shows at first, which is not what changed last. */
	const list = () => {
		const search = new URLSearchParams(location.search);
		const query = new URLSearchParams({ limit: '50', tz: Intl.DateTimeFormat().resolvedOptions().timeZone });
		for (const name of ['q', 'sort']) for (const value of search.getAll(name)) query.append(name, value);
		return `/api/issues?${query}`;
	};

	window.early = { userId: id, grant };
	if (location.pathname === '/issues') {
		window.early.list = ask(list)
			.then((answer) => (answer?.ok ? answer.json() : null))
			.catch(() => null);
	}
	window.early.snapshot = ask(() => '/api/issues/snapshot').catch(() => null);
})();
