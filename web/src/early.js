// Runs before the first paint, so that a dark theme never flashes white. `src/lib/state/theme.svelte.ts`
// writes the same key and class later.
(() => {
	let choice = null;
	try {
		choice = localStorage.getItem('theme');
	} catch {
		// Storage is blocked: follow the system.
	}
	const dark =
		choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
	document.documentElement.classList.toggle('dark', dark);
	document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
})();
