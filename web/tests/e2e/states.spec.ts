import type { Page, WebSocketRoute } from '@playwright/test';
import { choose, expect, fileIssue, signIn, test, unique } from './fixtures.ts';

const LIVE = { name: 'Live' } as const;
const connection = (page: Page, text: string) =>
	expect(page.getByRole('status').filter({ hasText: text }).first()).toBeVisible({ timeout: 30_000 });

/**
 * Puts a switch between the page and the API: off is as when nothing but the proxy in front of it runs, slow as when
 * it lets nobody through yet, and tells no one.
 */
async function switchable(page: Page) {
	const sockets: WebSocketRoute[] = [];
	let isOff = false;
	let letThrough = (): void => undefined;
	let held = Promise.resolve();
	await page.routeWebSocket('**/api/ws', (socket) => {
		if (isOff) {
			void socket.close();
			return;
		}
		socket.connectToServer();
		sockets.push(socket);
	});
	await page.route('**/api/**', async (route) => {
		await held;
		await (isOff
			? route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>502 Bad Gateway</h1>' })
			: route.fallback());
	});
	return {
		off: async () => {
			isOff = true;
			for (const socket of sockets.splice(0)) await socket.close();
		},
		slow: () => {
			held = new Promise((resolve) => (letThrough = resolve));
		},
		on: () => {
			isOff = false;
			letThrough();
		}
	};
}

test('the server goes away under one’s hands: it is said, work goes on, and all of it arrives', async ({
	signedIn,
	visit
}) => {
	const other = await signedIn('admin');
	const id = await fileIssue(other.page, unique('Outlives an outage'));
	const { page, expectErrors } = await visit();
	expectErrors(/status of 502|WebSocket/);
	const server = await switchable(page);
	await signIn(page, 'maintainer@example.com', 'maintainer123');
	await page.goto(`/issues/${id}`);
	await connection(page, LIVE.name);
	await expect(page.getByRole('button', { name: /^Status:/ })).toBeVisible();

	await server.off();
	await connection(page, 'Reconnecting…');
	await expect(page.getByText(/The server does not answer\.\s+This is how things were at/)).toBeVisible();
	await choose(page, 'Status', 'In progress');
	await connection(page, '1 change waiting');
	// What nobody has looked at yet can't be shown, and says so.
	await page.getByRole('link', { name: 'Dashboard', exact: true }).click();
	await expect(page.getByRole('heading', { name: 'The server is away' })).toBeVisible();
	await page.goBack();
	await expect(page.getByRole('button', { name: 'Status: In progress' })).toBeVisible();

	server.on();
	await connection(page, LIVE.name);
	await expect(page.getByText(/The server does not answer/)).toHaveCount(0);
	await other.page.goto(`/issues/${id}`);
	await expect(other.page.getByRole('button', { name: 'Status: In progress' })).toBeVisible({
		timeout: 30_000
	});
});

test('without a line the app opens, shows what it has, and sends later what is done meanwhile', async ({
	signedIn,
	visit
}) => {
	const other = await signedIn('admin');
	const title = unique('Read on the train');
	const id = await fileIssue(other.page, title);
	const { page, expectErrors } = await visit({ keeping: true });
	expectErrors(/net::ERR_|WebSocket/);
	await signIn(page, 'maintainer@example.com', 'maintainer123');
	await expect(page.getByRole('link', { name: title })).toBeVisible();
	// The browser has all it needs once the app and the rows are kept.
	await page.evaluate(() => navigator.serviceWorker.ready);
	await page.reload();
	await expect(page.getByRole('link', { name: title })).toBeVisible();

	await page.context().setOffline(true);
	await page.reload();
	await expect(page.getByRole('link', { name: title })).toBeVisible();
	await expect(page.getByText(/You are offline\.\s+This is how things were at/)).toBeVisible();
	await page.getByRole('grid').focus();
	await page.getByRole('link', { name: title }).click();
	const beside = page.getByRole('region', { name: `Issue #${id}` });
	await expect(beside).toBeFocused();
	await expect(beside.getByRole('alert')).toContainText('You are offline');
	await expect(beside.getByRole('button', { name: 'Severity: Medium' })).toBeVisible();
	await page.keyboard.press('v');
	await page.keyboard.type('crit');
	await page.keyboard.press('Enter');
	await connection(page, '1 change waiting');
	await page.getByRole('link', { name: 'Board', exact: true }).click();
	await expect(page.getByRole('link', { name: title })).toBeVisible();
	await page.getByRole('link', { name: 'Dashboard', exact: true }).click();
	await expect(page.getByRole('heading', { name: 'You are offline' })).toBeVisible();

	await page.context().setOffline(false);
	await connection(page, LIVE.name);
	await expect(page.getByRole('region', { name: 'By status' })).toBeVisible();
	await other.page.goto(`/issues/${id}`);
	await expect(other.page.getByRole('button', { name: 'Severity: Critical' })).toBeVisible({
		timeout: 30_000
	});
});

test('a server that is away from the start is told, and the app begins when it is back', async ({
	visit
}) => {
	const { page, expectErrors } = await visit();
	expectErrors(/status of (404|502)|WebSocket/);
	const server = await switchable(page);
	await page.goto('/login?to=/issues');
	await server.off();
	await page.getByLabel('Email').fill('maintainer@example.com');
	await page.getByRole('textbox', { name: 'Password' }).fill('maintainer123');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByRole('alert')).toContainText('The server is away');
	server.on();
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByRole('grid')).toBeVisible();

	// Nothing of before is left, as on a device that is full.
	await server.off();
	await page.goto('about:blank');
	await page.goto('/favicon.svg');
	await page.evaluate(async () => {
		for (const { name } of await indexedDB.databases()) if (name) indexedDB.deleteDatabase(name);
	});
	await page.goto('/issues');
	await expect(page.getByRole('heading', { name: 'The server is away' })).toBeVisible();
	const again = page.getByRole('button', { name: 'Try again' });
	await again.click();
	await expect(page.getByRole('heading', { name: 'The server is away' })).toBeVisible();
	// Whether the person asks or the app does so first, it is seen that somebody does.
	await expect(again).toBeEnabled();
	server.slow();
	await again.evaluateAll((buttons) => buttons.forEach((button) => (button as HTMLElement).click()));
	await expect(again).toBeDisabled();
	server.on();
	await expect(page.getByRole('row').nth(3)).toBeVisible();
});

test('a session that ended while nobody looked leads back to where one was, with the draft', async ({
	signedIn
}) => {
	const { page, expectErrors } = await signedIn('reporter');
	expectErrors(/status of 401/);
	const id = await fileIssue(page, unique('Left open over the holidays'));
	await page.goto(`/issues/${id}`);
	await page.getByLabel('Write a comment').fill('Half a thought');
	await page.getByLabel('Write a comment').blur();
	await page.context().clearCookies();
	await page.reload();
	await expect(page).toHaveURL(/\/login\?to=/);
	await page.getByLabel('Email').fill('reporter@example.com');
	await page.getByRole('textbox', { name: 'Password' }).fill('reporter123');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page).toHaveURL(new RegExp(`/issues/${id}$`));
	await expect(page.getByLabel('Write a comment')).toHaveValue('Half a thought');
});

test('what is not there, or not for one, says so and leads on', async ({ signedIn }) => {
	const { page, expectErrors } = await signedIn('reporter');
	expectErrors(/status of 404/);
	for (const [path, heading, way] of [
		['/nowhere/at/all', 'There is no such page', 'Go to the issues'],
		['/admin/people', 'Only administrators come in here', 'Go to the issues'],
		['/issues/99999999', 'There is no issue #99999999 for you', 'Back to the list'],
		['/issues/nonsense', 'There is no such page', 'Go to the issues']
	] as const) {
		await page.goto(path);
		await expect(page.getByRole('heading', { name: heading })).toBeVisible();
		await expect(page.getByRole('link', { name: 'Board', exact: true })).toBeVisible();
		await page.getByRole('link', { name: way }).click();
		await expect(page).toHaveURL(/\/issues$/);
	}
	await page.goto('/issues?q=nothing-is-called-like-this');
	await expect(page.getByRole('heading', { name: 'No issue fits' })).toBeVisible();
	await page.getByRole('button', { name: 'Clear filters and search' }).click();
	await expect(page).toHaveURL(/\/issues$/);
});
