/** Where to go after signing in: only ever a page of this app, whatever the address says. */
export function returnPath(address: URL): string {
	const wanted = address.searchParams.get('to') ?? '';
	if (!wanted.startsWith('/')) return '/';
	const target = new URL(wanted, address.origin);
	const isPage = target.origin === address.origin && !/^\/(login|register|api)(\/|$)/u.test(target.pathname);
	return isPage ? target.pathname + target.search + target.hash : '/';
}

/** The query that brings a person back to `from`; empty when that is the front page. */
export function returnQuery(from: URL): string {
	const path = from.pathname + from.search;
	return path === '/' ? '' : `?to=${encodeURIComponent(path)}`;
}
