import { readFileSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Handle } from '@sveltejs/kit';
import { building } from '$app/environment';
import favicon from '../static/favicon.svg?raw';
import early from './early.js?raw';

const CLIENT = '.svelte-kit/output/client';

/** What the scripts of a first load may weigh, compressed by gzip. */
const MOST_BYTES: Record<string, number> = { guest: 100_000, '/issues': 100_000 };

/** The client as it was built: by source, the files and what they import. */
type Manifest = Record<string, { file: string; name: string; imports?: string[] }>;

/** Makes the one page of the app, when it is built: there is no server. */
export const handle: Handle = ({ event, resolve }) =>
	resolve(event, {
		// `early.js` asks for all of them, in a better order.
		preload: () => !building,
		transformPageChunk: ({ html }) =>
			html
				.replace('%favicon%', () => encodeURIComponent(favicon))
				.replace('%early%', () => `${building ? partsTag() : ''}<script>${early}</script>`)
	});

/** By page, the files that the browser would else only hear of one after another; the largest first. */
function partsTag(): string {
	const manifest = JSON.parse(readFileSync(`${CLIENT}/.vite/manifest.json`, 'utf8')) as Manifest;
	const routes = (...names: string[]) => names.map((name) => nodeOf(manifest, name));
	const app = ['entry/start', 'entry/app', ...routes('+layout.svelte', '+error.svelte')];
	const guest = [...app, ...routes('(auth)/+layout.ts', '(auth)/login/+page.svelte')];
	const user = [...app, ...routes('(app)/+layout.svelte', '(app)/+error.svelte')];
	const page = (folder: string) => [...user, ...routes(`(app)${folder}/+page.svelte`)];
	const names = { guest, user, '/': page(''), '/issues': page('/issues'), '/board': page('/board') };
	const parts = Object.entries(names).map(([key, names]) => [key, partsOf(manifest, names)] as const);
	for (const [page, files] of parts) weigh(page, files);
	return `<meta name="parts" content='${JSON.stringify(Object.fromEntries(parts))}' />`;
}

/** Fails the build when people would wait too long for their first page. */
function weigh(page: string, files: string[]): void {
	const most = MOST_BYTES[page] ?? Infinity;
	const size = files.reduce(
		(sum, file) => sum + gzipSync(readFileSync(CLIENT + file), { level: 9 }).length,
		0
	);
	if (size > most) throw new Error(`the scripts for ${page} take ${size} bytes compressed, above ${most}`);
}

/** The name of a route's file. */
function nodeOf(manifest: Manifest, route: string): string {
	const source = Object.keys(manifest).find(
		(path) => /\/nodes\/\d+\.js$/u.test(path) && readFileSync(path, 'utf8').includes(`/src/routes/${route}`)
	);
	if (!source) throw new Error(`there is no ${route} in what was built`);
	return manifest[source]?.name ?? '';
}

/** What has these names, and all that it imports. */
function partsOf(manifest: Manifest, names: string[]): string[] {
	const found = new Set(
		Object.keys(manifest).filter((source) => names.includes(manifest[source]?.name ?? ''))
	);
	for (const source of found) for (const other of manifest[source]?.imports ?? []) found.add(other);
	const files = [...found].map((source) => manifest[source]?.file ?? '');
	const sizeOf = (file: string) => statSync(`${CLIENT}/${file}`).size;
	return files.sort((a, b) => sizeOf(b) - sizeOf(a)).map((file) => `/${file}`);
}
