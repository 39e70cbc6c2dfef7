import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { svelteTesting } from '@testing-library/svelte/vite';
import type { ProxyOptions } from 'vite';
import { defineConfig } from 'vitest/config';

// The browser knows one origin. In production nginx splits it; here Vite does, in the same way.
const proxy: Record<string, ProxyOptions> = {
	'/api': {
		target: `http://127.0.0.1:${process.env.API_PORT ?? '8000'}`,
		rewrite: (path) => path.replace(/^\/api/, ''),
		ws: true
	}
};
const server = {
	host: '127.0.0.1',
	port: Number(process.env.WEB_PORT ?? '8080'),
	strictPort: true,
	// Nobody else's page has any business here.
	cors: false,
	proxy
};

/**
 * What is always needed together comes in one file, and what all that is in it imports: small files each take a
 * request, and are compressed badly. What the sign-in page shares with the others belongs to the first.
 */
const CHUNKS = [
	{
		name: 'app',
		test: /client[/\\]entry\.js$|client-optimized[/\\](app|nodes[/\\]0)\.js$|components[/\\](domain|ui[/\\](Avatar|Button|EmptyState|Spinner|tooltip))|kit[/\\]src[/\\](runtime|exports)|lucide[/\\].*[/\\](check|cloud-alert|compass)\.|utils[/\\]identity|accounts[/\\]return/,
		priority: 3
	},
	{ name: 'shell', test: /\(app\)[/\\]\+layout/, priority: 2 },
	{ name: 'list', test: /[/\\]IssueList\.svelte$/, priority: 1 }
];

/** What the page may run besides the app's own files: see `src/hooks.server.ts`. */
const early = createHash('sha256').update(readFileSync('src/early.js')).digest('base64');

export default defineConfig(({ command }) => ({
	plugins: [
		tailwindcss(),
		sveltekit({
			adapter: adapter({ fallback: 'index.html', precompress: true }),
			inlineStyleThreshold: 64 * 1024,
			// Not while the first page loads: `keepApp` does it later.
			serviceWorker: { register: false },
			typescript: {
				config: (config: Record<string, string[]>) =>
					void config.include?.push('../playwright.config.ts', '../bench/**/*.ts')
			},
			// Vite's development client breaks these rules itself, so they hold for builds only.
			csp:
				command === 'build'
					? {
							mode: 'hash',
							directives: {
								'script-src': ['self', `sha256-${early}`],
								// Pictures in texts are files of the tracker, shown from memory: no stranger's address is ever asked.
								'img-src': ['self', 'blob:', 'data:'],
								'object-src': ['none'],
								'base-uri': ['none'],
								'require-trusted-types-for': ['script'],
								'trusted-types': ['svelte-trusted-html', 'dompurify', 'service-worker']
							}
						}
					: undefined
		}),
		// One test renders a component, and cleans up after itself.
		svelteTesting({ autoCleanup: false })
	],
	environments: {
		client: { build: { rolldownOptions: { output: { codeSplitting: { groups: CHUNKS } } } } }
	},
	server,
	preview: server,
	test: {
		environment: 'jsdom',
		include: ['src/**/*.test.ts', 'tests/unit/**/*.test.ts'],
		restoreMocks: true
	}
}));
