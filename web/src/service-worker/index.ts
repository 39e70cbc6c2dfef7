/*
 * Keeps the app itself in the browser, so that it opens without a line. What people work on is kept by the store
 * in `lib/sync`; nothing that the API answers passes through here.
 *
 * A new version waits until no tab uses the old one: until then those find the parts of theirs that they have not
 * loaded yet, which the server may not have any more.
 */
import { build, files, version } from '$service-worker';

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `app-${version}`;
/** The same page for every address. */
const PAGE = '/';
/** Most people read letters of one alphabet only. */
const isRare = (path: string) => /-(cyrillic|greek|vietnamese|ext)-[^/]*\.woff2$/u.test(path);
const parts = new Set(build.filter((path) => !isRare(path)));

worker.addEventListener('install', (event) => {
	event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([PAGE, ...files, ...parts])));
});

worker.addEventListener('activate', (event) => {
	event.waitUntil(
		caches
			.keys()
			.then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
	);
});

worker.addEventListener('fetch', (event) => {
	const { request } = event;
	const { origin, pathname } = new URL(request.url);
	if (request.method !== 'GET' || origin !== worker.location.origin || pathname.startsWith('/api')) return;
	if (parts.has(pathname)) event.respondWith(kept(pathname).then((part) => part ?? fetch(request)));
	// The newest there is, as long as it can be had.
	else if (request.mode === 'navigate') event.respondWith(fetch(request).catch(() => orFail(kept(PAGE))));
	else if (files.includes(pathname)) event.respondWith(fetch(request).catch(() => orFail(kept(pathname))));
});

async function kept(path: string): Promise<Response | undefined> {
	return await (await caches.open(CACHE)).match(path);
}

async function orFail(answer: Promise<Response | undefined>): Promise<Response> {
	return (await answer) ?? Response.error();
}
