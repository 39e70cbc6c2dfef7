import type { Route } from '@playwright/test';
import { expect, test } from './fixtures.ts';

const away = (route: Route) =>
	route.fulfill({
		status: 503,
		contentType: 'application/problem+json',
		json: { type: 'about:blank', title: 'Unavailable', status: 503, detail: 'The database is away.' }
	});

test('an admin sees what runs when, and that everything works', async ({ signedIn }) => {
	const { page } = await signedIn('admin');
	await page.keyboard.press('Control+k');
	await page.keyboard.type('go to jobs');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/\/admin\/jobs$/);
	const scan = page.getByRole('row', { name: /^Scan files/ });
	await expect(scan).toContainText('every minute');
	await expect(scan).toContainText(/Nothing to do|Has not run yet/);
	await expect(page.getByRole('row', { name: /^Purge trash/ })).toContainText('daily at 02:00, UTC');

	await page.keyboard.press('g');
	await page.keyboard.press('h');
	await expect(page).toHaveURL(/\/admin\/health$/);
	await expect(page.getByRole('listitem').filter({ hasText: 'PostgreSQL' })).toContainText('Works');
	await expect(page.getByRole('listitem').filter({ hasText: 'CLAMD_URL is not set' })).toContainText(
		'Not used'
	);
});

test('a job that failed and a part that fails say so first, and what to do', async ({ signedIn }) => {
	const { page } = await signedIn('admin');
	await page.route('**/api/jobs', async (route) => {
		const answer = await route.fetch();
		const [first, ...rest] = (await answer.json()) as { failures: number }[];
		const started_at = new Date(Date.now() - 7_200_000).toISOString();
		const last_run = { started_at, milliseconds: 4_200, succeeded: false, affected: null, error: 'OSError' };
		await route.fulfill({
			json: [...rest, { ...first, last_run, last_success_at: null, runs: 3, failures: 3 }]
		});
	});
	await page.route('**/api/checks', async (route) => {
		const answer = await route.fetch();
		const checks = (await answer.json()) as { name: string }[];
		await route.fulfill({
			json: checks.map((check) =>
				check.name === 'worker'
					? { ...check, status: 'failing', detail: 'No worker has been heard of.' }
					: check
			)
		});
	});
	await page.goto('/admin/jobs');
	const failed = page.getByRole('row').nth(1);
	await expect(failed).toContainText('Failed: OSError');
	await expect(failed).toContainText('2 hours ago · 4.2 s');
	await expect(failed).toContainText('3 of 3 runs failed');
	await expect(page.getByText('No jobs are run just now.')).toBeVisible();
	await page.getByRole('link', { name: 'See health' }).click();
	await expect(page.getByRole('heading', { name: 'Background worker needs attention' })).toBeVisible();
	await expect(page.getByRole('main').getByRole('listitem').first()).toContainText('Start tracker worker');
});

test('health that can not be told is told as such, and comes back', async ({ signedIn }) => {
	const { page, expectErrors } = await signedIn('admin');
	expectErrors(/status of 503/);
	await page.route('**/api/checks', away);
	await page.goto('/admin/health');
	await expect(page.getByRole('heading', { name: 'The server is away' })).toBeVisible();
	const again = page.getByRole('button', { name: 'Try again' });
	await expect(again).toBeEnabled();
	await page.unroute('**/api/checks');
	let answer = (): void => undefined;
	const answered = new Promise<void>((resolve) => (answer = resolve));
	await page.route('**/api/checks', async (route) => {
		await answered;
		await route.fallback();
	});
	// The page asks by itself too, and may just have begun.
	await again.evaluateAll((buttons) => buttons.forEach((button) => (button as HTMLElement).click()));
	await expect(again).toHaveCount(0);
	answer();
	await expect(page.getByRole('heading', { name: 'Everything works' })).toBeVisible();

	await page.route('**/api/checks', away);
	await page.keyboard.press('r');
	await expect(page.getByText(/The server is away: this is how things were at \d/)).toBeVisible();
	await expect(page.getByRole('heading', { name: 'Everything works' })).toBeVisible();
});

test('nobody else sees them', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	for (const name of ['Jobs', 'Health'])
		await expect(page.getByRole('link', { name, exact: true })).toHaveCount(0);
	await page.keyboard.press('Control+k');
	await page.keyboard.type('go to health');
	await expect(page.getByRole('option', { name: 'Go to health', exact: true })).toHaveCount(0);
	for (const path of ['/admin/jobs', '/admin/health']) {
		await page.goto(path);
		await expect(page.getByRole('heading', { name: 'Only administrators come in here' })).toBeVisible();
	}
});
