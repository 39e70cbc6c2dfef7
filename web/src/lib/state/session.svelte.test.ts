import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** A page that is loaded afresh: everything about the session lives in modules. */
async function aPage() {
	vi.resetModules();
	const { session } = await import('./session.svelte.ts');
	const { engine } = await import('#lib/sync/engine.svelte.ts');
	const { tokens } = await import('#lib/api/client.ts');
	const start = vi.spyOn(engine, 'start').mockResolvedValue();
	const stop = vi.spyOn(engine, 'stop').mockResolvedValue();
	pages.push(() => tokens.close());
	return { session, engine, start, stop };
}

const pages: (() => void)[] = [];
const ann = {
	id: 1,
	email: 'ann@example.com',
	full_name: 'Ann',
	role: 'maintainer',
	is_active: true,
	created_at: ''
};
const bob = { ...ann, id: 2, full_name: 'Bob', role: 'reporter' };

/** Whose cookie the browser has; null when the session has ended, 'away' when nobody answers. */
let cookieOf: typeof ann | null | 'away';
let requests: string[];
const reload = vi.fn();

function answer(request: Request): Response {
	const path = `${request.method} ${new URL(request.url).pathname}`;
	requests.push(path);
	if (cookieOf === 'away') throw new TypeError('Failed to fetch');
	if (cookieOf === null) return Response.json({ title: '', status: 401, detail: '' }, { status: 401 });
	switch (path) {
		case 'POST /api/users/token':
		case 'POST /api/users/token/refresh': {
			const payload = btoa(JSON.stringify({ sub: String(cookieOf.id) }));
			return Response.json({ access_token: `h.${payload}.s`, expires_in: 600 });
		}
		case 'GET /api/users/me':
			return Response.json(cookieOf);
		default:
			return new Response(null, { status: 204 });
	}
}

beforeEach(() => {
	requests = [];
	localStorage.clear();
	reload.mockReset();
	vi.stubGlobal('location', { href: 'http://tracker/', origin: 'http://tracker', reload });
	vi.stubGlobal('fetch', (input: RequestInfo | URL, init?: RequestInit) => {
		const request =
			input instanceof Request ? input : new Request(new URL(String(input), location.href), init);
		return Promise.resolve().then(() => answer(request));
	});
});

afterEach(() => {
	for (const close of pages.splice(0)) close();
	vi.unstubAllGlobals();
});

describe('restore', () => {
	it('asks nothing in a browser where nobody signed in', async () => {
		cookieOf = null;
		const { session } = await aPage();
		await session.restore();
		expect(session.status).toBe('anonymous');
		expect(requests).toEqual([]);
	});

	it('goes on where the page before left off', async () => {
		cookieOf = ann;
		localStorage.setItem('signed-in-user', JSON.stringify(ann));
		const { session, start } = await aPage();
		await session.restore();
		expect(session).toMatchObject({ status: 'signed-in', user: ann });
		expect(start).toHaveBeenCalledTimes(1);
	});

	it('takes a new role over', async () => {
		cookieOf = { ...ann, role: 'reporter' };
		localStorage.setItem('signed-in-user', JSON.stringify(ann));
		const { session } = await aPage();
		await session.restore();
		expect(session.can.triage()).toBe(false);
	});

	it('forgets who was here when the session has ended', async () => {
		cookieOf = null;
		localStorage.setItem('signed-in-user', JSON.stringify(ann));
		const { session, stop } = await aPage();
		await session.restore();
		expect(session).toMatchObject({ status: 'anonymous', user: null });
		expect(stop).toHaveBeenCalledWith({ forget: 'rows' });
		expect(localStorage.getItem('signed-in-user')).toBeNull();
	});

	it('shows what the browser has while the server is away', async () => {
		cookieOf = 'away';
		localStorage.setItem('signed-in-user', JSON.stringify(ann));
		const { session } = await aPage();
		await session.restore();
		expect(session).toMatchObject({ status: 'signed-in', user: ann });
	});

	it('does not act for somebody else, who signed in meanwhile', async () => {
		cookieOf = bob;
		localStorage.setItem('signed-in-user', JSON.stringify(ann));
		const { session } = await aPage();
		await session.restore();
		expect(reload).toHaveBeenCalled();
		expect(session.user).toBeNull();
		expect(requests).not.toContain('GET /api/users/me');
	});
});

describe('signing in and out', () => {
	it('says who it is and what they may do', async () => {
		cookieOf = ann;
		const { session, start } = await aPage();
		await session.signIn('ann@example.com', 'secret');
		expect(session).toMatchObject({ status: 'signed-in', user: ann });
		expect(start).toHaveBeenCalledWith(ann);
		expect(session.can).toSatisfy(
			(can: typeof session.can) => can.triage() && can.assign() && !can.manageUsers()
		);
	});

	it('goes on after the session ended, with everything as it was', async () => {
		cookieOf = ann;
		const { session, engine, start, stop } = await aPage();
		const suspend = vi.spyOn(engine, 'suspend').mockReturnValue();
		const resume = vi.spyOn(engine, 'resume').mockReturnValue();
		await session.signIn('ann@example.com', 'secret');
		cookieOf = null;
		const { tokens } = await import('#lib/api/client.ts');
		await expect(tokens.renew(await tokens.current())).rejects.toMatchObject({ status: 401 });
		expect(session).toMatchObject({ status: 'expired', user: ann });
		expect(suspend).toHaveBeenCalled();
		cookieOf = ann;
		await session.signIn('ann@example.com', 'secret');
		expect(session.status).toBe('signed-in');
		expect(resume).toHaveBeenCalled();
		expect(start).toHaveBeenCalledTimes(1);
		expect(stop).not.toHaveBeenCalled();
	});

	it('begins anew for another person', async () => {
		cookieOf = ann;
		const { session, start, stop } = await aPage();
		await session.signIn('ann@example.com', 'secret');
		cookieOf = bob;
		await session.signIn('bob@example.com', 'secret');
		expect(stop).toHaveBeenCalled();
		expect(start).toHaveBeenLastCalledWith(bob);
		expect(session.user).toEqual(bob);
	});

	it('deletes everything on signing out', async () => {
		cookieOf = ann;
		const { session, stop } = await aPage();
		await session.signIn('ann@example.com', 'secret');
		await session.signOut();
		expect(requests).toContain('POST /api/users/logout');
		expect(stop).toHaveBeenLastCalledWith({ forget: 'all' });
		expect(session).toMatchObject({ status: 'anonymous', user: null });
	});

	it('does not pretend to sign out when the server can not be told', async () => {
		cookieOf = ann;
		const { session, engine } = await aPage();
		const resume = vi.spyOn(engine, 'resume').mockReturnValue();
		await session.signIn('ann@example.com', 'secret');
		cookieOf = 'away';
		await expect(session.signOut()).rejects.toMatchObject({ status: 0 });
		expect(session.status).toBe('signed-in');
		expect(resume).toHaveBeenCalled();
		cookieOf = ann;
		await session.signOut();
		expect(session.status).toBe('anonymous');
	});
});
