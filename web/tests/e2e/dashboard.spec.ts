import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { choose, expect, fileIssue, signIn, test, unique } from './fixtures.ts';

const card = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const bar = (page: Page, chart: string, name: string) =>
	card(page, chart).getByRole('link', { name: new RegExp(`^${name}: `) });

async function valueOf(locator: Locator): Promise<number> {
	const name = (await locator.getAttribute('aria-label')) ?? '';
	return Number(name.replace(/^.*: /, '').replace(/\D/g, ''));
}

test('figures change while one looks, and lead to exactly the issues that they count', async ({
	signedIn
}) => {
	const { page } = await signedIn('maintainer');
	await page.keyboard.press('g');
	await page.keyboard.press('d');
	await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();
	await expect(page.getByRole('link', { name: 'Dashboard' })).toHaveAttribute('aria-current', 'page');
	const before = await valueOf(bar(page, 'By status', 'Open'));

	const reporter = await signedIn('reporter');
	const id = await fileIssue(reporter.page, unique('The dashboard shows this at once'));
	const open = bar(page, 'By status', 'Open');
	await expect(open).toHaveAccessibleName(`Open: ${(before + 1).toLocaleString('en-US')}`, {
		timeout: 3_000
	});

	await open.click();
	await expect(page).toHaveURL(/\/issues\?q=status:open$/);
	await expect(page.getByRole('main').getByRole('status').first()).toHaveText(
		new RegExp(`^${(before + 1).toLocaleString('en-US')}\\s*issues$`)
	);
	await page.goto(`/issues/${id}`);
	await choose(page, 'Severity', 'Critical');
	await choose(page, 'Status', 'Done');
	await page.keyboard.press('g');
	await page.keyboard.press('d');
	await expect(open).toHaveAccessibleName(`Open: ${before.toLocaleString('en-US')}`);
	await bar(page, 'Open by severity', 'Critical').click();
	await expect(page).toHaveURL(/\/issues\?q=is:open\+severity:critical$/);
});

test('figures of a query are about its issues only, and lead to lists of them', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const word = unique('counted').replace(' ', '');
	await fileIssue(page, `One that is ${word}`);
	await page.goto(`/issues?q=${word}`);
	await page.getByRole('button', { name: 'Sort and display' }).click();
	await page.getByRole('menuitemcheckbox', { name: 'As figures' }).click();
	await expect(page).toHaveURL(new RegExp(`/\\?q=${word}$`));
	await expect(bar(page, 'By status', 'Open')).toHaveAccessibleName('Open: 1');
	await expect(page.getByRole('link', { name: '1 issue', exact: true })).toBeVisible();

	await page.getByRole('navigation', { name: 'Window' }).getByRole('link', { name: '90 days' }).click();
	await expect(page).toHaveURL(new RegExp(`/\\?q=${word}&days=90$`));
	await page.keyboard.press('/');
	await page.keyboard.press('End');
	await page.keyboard.type(' status:done ');
	await expect(page.getByRole('heading', { name: 'No issue fits' })).toBeVisible();
	await page.getByRole('button', { name: /^Remove the filter Status/ }).click();
	await expect(bar(page, 'By status', 'Open')).toHaveAccessibleName('Open: 1');

	await bar(page, 'By status', 'Open').click();
	await expect(page).toHaveURL(new RegExp(`/issues\\?q=status:open\\+${word}$`));
	await expect(page.getByRole('main').getByRole('status').first()).toHaveText(/^1\s*issues$/);

	await page.goto('/?q=as-of:2026-01-01');
	await expect(page.getByRole('heading', { name: 'There are no figures of this query' })).toBeVisible();
	await page.getByRole('main').getByRole('button', { name: 'Clear search and filters' }).last().click();
	await expect(page.getByText(/^All issues/)).toBeVisible();
});

test('a chart is read by keyboard, as a table and as a file, over the window one chooses', async ({
	signedIn
}) => {
	const { page } = await signedIn('maintainer');
	await page.goto('/');
	const flow = card(page, 'Opened and closed');
	const slider = flow.getByRole('slider');
	await slider.focus();
	await page.keyboard.press('Home');
	await expect(slider).toHaveAttribute('aria-valuenow', '0');
	await page.keyboard.press('ArrowRight');
	await expect(slider).toHaveAttribute('aria-valuetext', /: \d+ opened, \d+ done, \d+ cancelled$/);
	await expect(slider).toHaveAttribute('aria-valuenow', '1');

	await page.getByRole('navigation', { name: 'Window' }).getByRole('link', { name: '90 days' }).click();
	await expect(page).toHaveURL(/\/\?days=90$/);
	await flow.getByRole('button', { name: 'Opened and closed: show as a table' }).click();
	const rows = flow.getByRole('row');
	await expect(rows).toHaveCount(91);
	const newest = await rows.nth(1).getByRole('cell').allTextContents();

	await flow.getByRole('button', { name: 'Opened and closed: save' }).click();
	const saving = page.waitForEvent('download');
	await page.getByRole('menuitem', { name: 'Save as CSV' }).click();
	const file = await saving;
	expect(file.suggestedFilename()).toMatch(/^opened-and-closed-\d{4}-\d\d-\d\d\.csv$/);
	const lines = (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n');
	expect(lines[0]).toBe('\uFEFFDay,Opened,Done,Cancelled');
	expect(lines).toHaveLength(91);
	expect(lines[1]?.split(',').slice(1)).toEqual(newest.map((text) => text.trim()));

	await page.reload();
	await expect(page.getByRole('link', { name: '90 days', exact: true })).toHaveAttribute(
		'aria-current',
		'true'
	);
	const backlog = card(page, 'Backlog');
	await backlog.getByRole('button', { name: 'Backlog: save' }).click();
	const drawing = page.waitForEvent('download');
	await page.getByRole('menuitem', { name: 'Save as PNG' }).click();
	const picture = await readFile(await (await drawing).path());
	expect(picture.subarray(1, 4).toString()).toBe('PNG');
	expect(picture.length).toBeGreaterThan(5_000);
});

test('a reporter has figures of their own issues, and none about people', async ({ visit }) => {
	const { page } = await visit();
	await page.goto('/register');
	await page.getByLabel('Full name').fill('Ola Moss');
	await page.getByLabel('Email').fill(`${unique('ola').replace(' ', '.')}@example.com`);
	await page.getByRole('textbox', { name: 'Password' }).fill('a long enough password');
	await page.getByRole('button', { name: /create account|register|sign up/i }).click();
	await expect(page.getByRole('heading', { name: 'You have not reported anything yet' })).toBeVisible();
	await fileIssue(page, 'One of two');
	await expect(bar(page, 'By status', 'Open')).toHaveAccessibleName('Open: 1');
	await fileIssue(page, 'Two of two');
	await expect(bar(page, 'By status', 'Open')).toHaveAccessibleName('Open: 2');
	await expect(page.getByText('What you reported')).toBeVisible();
	await expect(card(page, 'Waiting longest').getByRole('listitem')).toHaveCount(2);
	await expect(card(page, 'Opened and closed')).toContainText('2 opened in 30 days');
	await expect(page.getByRole('region', { name: /^Busiest/ })).toHaveCount(0);
});

test('figures that do not come are said, with a way to try again; old ones stay', async ({ signedIn }) => {
	const { page, expectErrors } = await signedIn('maintainer');
	expectErrors(/status of 503/);
	const problem = { title: 'Service Unavailable', status: 503, detail: '' };
	const away = () =>
		page.route('**/api/issues/dashboard/stats*', (route) => route.fulfill({ status: 503, json: problem }));
	await away();
	await page.goto('/');
	await expect(page.getByRole('heading', { name: 'The server is away' })).toBeVisible();
	await page.unroute('**/api/issues/dashboard/stats*');
	await page.getByRole('button', { name: 'Try again' }).click();
	await expect(bar(page, 'By status', 'Open')).toBeVisible();

	await away();
	await fileIssue(page, unique('Nobody counts this yet'));
	await expect(page.getByText(/The server is away: these are the figures of/)).toBeVisible();
	await page.unroute('**/api/issues/dashboard/stats*');
	await page.getByRole('button', { name: 'Try again' }).click();
	await expect(page.getByText(/^All issues/)).toBeVisible();
});

interface Mark {
	href: string;
	count: number;
}

/** What a chart counts, as its table has it: the most and the least of it that there is. */
async function marksOf(page: Page, chart: string): Promise<Mark[]> {
	await card(page, chart)
		.getByRole('button', { name: `${chart}: show as a table` })
		.click();
	const marks = await card(page, chart)
		.locator('tbody tr')
		.evaluateAll((rows) =>
			rows.flatMap((row) =>
				[...row.querySelectorAll('a')].map((link) => ({
					href: link.getAttribute('href') ?? '',
					count: Number((link.closest('td') ?? row.querySelector('td'))?.textContent.replace(/\D/g, ''))
				}))
			)
		);
	const sorted = marks.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count);
	expect(sorted.length, chart).toBeGreaterThan(0);
	return [...sorted.slice(0, 1), ...sorted.slice(-2)];
}

for (const timezoneId of ['America/Los_Angeles', 'Pacific/Auckland']) {
	test(`every kind of mark leads to as many issues as it counts, in ${timezoneId}`, async ({ visit }) => {
		for (const role of ['admin', 'reporter'] as const) {
			const { page } = await visit({ timezoneId });
			await signIn(page, `${role}@example.com`, `${role}123`);
			await page.goto('/?days=90');
			await expect(page.getByText(`90 days in ${timezoneId.replace('_', ' ')}`)).toBeVisible();
			const marks: Mark[] = [];
			for (const chart of ['Opened and closed', 'Backlog', 'Time to close', 'By status', 'By severity']) {
				marks.push(...(await marksOf(page, chart)));
			}
			for (const { href, count } of marks) {
				// As a click on the mark does it.
				await page.evaluate((to) => {
					const link = Object.assign(document.createElement('a'), { href: to });
					document.body.append(link);
					link.click();
					link.remove();
				}, href);
				await expect(page.getByRole('main').getByRole('status').first(), href).toHaveText(
					new RegExp(`^${count.toLocaleString('en-US')}\\s*issues$`)
				);
			}
		}
	});
}
