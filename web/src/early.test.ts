import 'fake-indexeddb/auto';
import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import early from './early.js?raw';

const USER = JSON.stringify({ id: 7, role: 'admin' });
const asked: { path: string; authorization: string | null }[] = [];
let refresh: () => Response;

/** Opens the page at an address, as far as it goes without the app. */
function open(path: string): void {
	history.replaceState(null, '', path);
	// eslint-disable-next-line @typescript-eslint/no-implied-eval -- as the browser runs it
	new Function(early)();
}

beforeEach(() => {
	asked.length = 0;
	refresh = () => Response.json({ access_token: 'fresh', expires_in: 600 });
	vi.stubGlobal('matchMedia', () => ({ matches: false }));
	vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
		asked.push({ path, authorization: new Headers(init?.headers).get('Authorization') });
		return Promise.resolve(path.endsWith('/refresh') ? refresh() : Response.json({ items: [] }));
	});
});

afterEach(async () => {
	localStorage.clear();
	document.head.replaceChildren();
	delete window.early;
	vi.unstubAllGlobals();
	await deleteDB('tracker-user-7');
});

describe('early.js', () => {
	it('asks nothing of the API for a guest', () => {
		open('/issues');
		expect(asked).toEqual([]);
		expect(window.early).toBeUndefined();
	});

	it('asks for the token, then for the list that is looked at and for all issues', async () => {
		localStorage.setItem('signed-in-user', USER);
		open('/issues?q=tag%3Aui+login&sort=-severity&group=status&issue=4');
		expect(await window.early?.list).toEqual({ items: [] });
		expect((await window.early?.snapshot)?.ok).toBe(true);
		const [token, list, snapshot] = asked;
		expect(token).toEqual({ path: '/api/users/token/refresh', authorization: null });
		expect(new URL(list?.path ?? '', location.origin).searchParams.getAll('q')).toEqual(['tag:ui login']);
		expect(list?.path).toContain('sort=-severity');
		expect(list?.path).not.toMatch(/group|issue=/u);
		expect(snapshot).toEqual({ path: '/api/issues/snapshot', authorization: 'Bearer fresh' });
		// The app gets the answer unread.
		expect((await window.early?.grant)?.bodyUsed).toBe(false);
	});

	it('asks only for the token where this browser keeps the issues', async () => {
		localStorage.setItem('signed-in-user', USER);
		(await openDB('tracker-user-7', 1)).close();
		open('/issues');
		expect(await window.early?.list).toBeNull();
		expect(await window.early?.snapshot).toBeNull();
		expect(asked).toHaveLength(1);
	});

	it('asks for nothing more when the session has ended', async () => {
		localStorage.setItem('signed-in-user', USER);
		refresh = () => new Response(null, { status: 401 });
		open('/issues');
		expect((await window.early?.grant)?.status).toBe(401);
		expect(await window.early?.snapshot).toBeNull();
		expect(asked).toHaveLength(1);
	});

	it('has the browser fetch what the page is made of', () => {
		const parts = { guest: ['/a.js'], user: ['/a.js', '/b.js'], '/issues': ['/a.js', '/c.js'] };
		const meta = Object.assign(document.createElement('meta'), {
			name: 'parts',
			content: JSON.stringify(parts)
		});
		const fetched = () =>
			[...document.head.querySelectorAll('link')].map((link) => link.getAttribute('href')).splice(0);
		document.head.append(meta);
		open('/login');
		expect(fetched()).toEqual(parts.guest);
		document.head.replaceChildren(meta);
		localStorage.setItem('signed-in-user', USER);
		open('/settings');
		expect(fetched()).toEqual(parts.user);
		document.head.replaceChildren(meta);
		open('/issues');
		expect(fetched()).toEqual(parts['/issues']);
	});
});
