import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { choose, expect, fileIssue, test, unique } from './fixtures.ts';

const box = (page: Page) => page.getByRole('combobox', { name: 'Search issues' });
const filters = (page: Page) => page.getByRole('group', { name: 'Filters' });
const chip = (page: Page, name: string) => filters(page).getByRole('button', { name, exact: true });

test('filters, search and sort are in the address, and come back with it', async ({ signedIn }) => {
	const { page, expectErrors } = await signedIn('maintainer');
	const title = unique('Quokka eats the cache');
	await fileIssue(page, title);
	await page.goto('/issues?status=open&severity=medium&sort=updated');
	await expect(chip(page, 'Status: Open')).toBeVisible();
	await expect(chip(page, 'Severity: Medium')).toBeVisible();
	await expect(page.getByRole('columnheader', { name: 'Updated' })).toHaveAttribute('aria-sort', 'ascending');

	await page.keyboard.press('/');
	await expect(box(page)).toBeFocused();
	await page.keyboard.type(title.toLowerCase());
	await expect(page.getByRole('row')).toHaveCount(3); // the head, the issue, what is said at the end
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/q=status:open\+severity:medium\+quokka\+eats/);

	await page.reload();
	await expect(box(page)).toHaveValue(title.toLowerCase());
	await expect(page.getByRole('link', { name: title })).toBeVisible();

	// The same as a file; one that does not come whole is none.
	await page.route('**/api/issues/export.csv*', (route) => route.abort(), { times: 1 });
	expectErrors(/ERR_FAILED/);
	await page.getByRole('button', { name: 'Sort and display' }).click();
	await page.getByRole('menuitem', { name: 'Export…' }).click();
	const dialog = page.getByRole('dialog', { name: 'Export issues' });
	await dialog.getByRole('button', { name: 'Export' }).click();
	await expect(dialog.getByRole('alert')).toContainText('Nothing was saved');
	const downloaded = page.waitForEvent('download');
	await dialog.getByRole('button', { name: 'Try again' }).click();
	const file = await downloaded;
	expect(file.suggestedFilename()).toBe('issues.csv');
	expect((await readFile(await file.path(), 'utf8')).split('\r\n')).toEqual([
		expect.stringContaining('id,title,status'),
		expect.stringContaining(title),
		''
	]);
	await expect(page.getByText('Exported 1 issue as CSV')).toBeVisible();

	await filters(page).getByRole('button', { name: 'Remove the filter Severity: Medium' }).click();
	await expect(page).not.toHaveURL(/severity/);
	await page.goBack();
	await expect(chip(page, 'Severity: Medium')).toBeVisible();

	await page.getByRole('button', { name: 'Clear search and filters' }).click();
	await expect(page).toHaveURL(/\/issues\?sort=updated$/);
});

test('a query is written by keyboard alone, and means the same to whoever gets its address', async ({
	signedIn
}) => {
	const { page } = await signedIn('maintainer');
	const title = unique('Nothing in the title tells');
	const id = await fileIssue(page, title);
	await page.goto(`/issues/${id}`);
	await choose(page, 'Severity', 'High');
	await page.getByLabel('Write a comment').fill('It was the wombat.');
	await page.getByRole('button', { name: 'Comment', exact: true }).click();
	await expect(page.getByRole('article').filter({ hasText: 'wombat' })).toBeVisible();
	await page.goto('/issues');
	await expect(page.getByRole('grid')).toBeVisible();

	// A field by its beginning, then its value; both taken from what is offered.
	await page.keyboard.press('/');
	await page.keyboard.type('stat');
	await expect(page.getByRole('option').first()).toContainText('status:');
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('option', { name: /^status:open/ })).toHaveAttribute('aria-selected', 'true');
	await page.keyboard.press('Tab');
	await expect(chip(page, 'Status: Open')).toBeVisible();
	// What is typed in full is a filter by itself, and a word is looked for in comments.
	await page.keyboard.type('severity:>=high created:last-7d wombat');
	await expect(chip(page, 'Severity: ≥ High')).toBeVisible();
	await expect(chip(page, 'Created: Last 7 days')).toBeVisible();
	await expect(box(page)).toHaveValue('wombat');
	await expect(page.getByRole('link', { name: title })).toBeVisible();
	await expect(page).toHaveURL(/wombat\*$/);

	// Somebody else gets the address.
	const admin = await signedIn('admin');
	await admin.page.goto(page.url());
	await expect(chip(admin.page, 'Severity: ≥ High')).toBeVisible();
	await expect(admin.page.getByRole('link', { name: title })).toBeVisible();

	// The filters are reached and taken away by keyboard, and the last is text again at will.
	await page.keyboard.press('Home');
	await page.keyboard.press('ArrowLeft');
	await expect(chip(page, 'Created: Last 7 days')).toBeFocused();
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('Delete');
	await expect(chip(page, 'Severity: ≥ High')).toHaveCount(0);
	await expect(chip(page, 'Created: Last 7 days')).toBeFocused();
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('Home');
	await page.keyboard.press('Backspace');
	await expect(box(page)).toHaveValue('created:last-7d wombat');
	await page.keyboard.press('End');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('grid')).toBeFocused();
	await expect(page).toHaveURL(/q=status:open\+created:last-7d\+wombat$/);
	await page.goBack();
	await expect(chip(page, 'Severity: ≥ High')).toBeVisible();
});

test('what can not be read is said where it stands, and the list stays as it was', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const title = unique('Still here');
	await fileIssue(page, title);
	await page.goto(`/issues?q=${encodeURIComponent(`"${title}"`)}`);
	await expect(page.getByRole('link', { name: title })).toBeVisible();
	await box(page).press('End');
	await box(page).pressSequentially(' status:opne now');
	await page.keyboard.press('Enter');
	await expect(page.getByText('Expected open, triaged, in_progress, done or cancelled.')).toBeVisible();
	await expect(box(page)).toHaveAttribute('aria-invalid', 'true');
	await expect(box(page)).toHaveAccessibleDescription(/^At character \d+: Expected open/);
	await expect(page.getByRole('link', { name: title })).toBeVisible();
	await expect(page).not.toHaveURL(/opne/);

	await page.goto('/issues?q=is:open+(tag:a');
	await expect(page.getByRole('heading', { name: 'This query can not be read' })).toBeVisible();
	await expect(page.getByText(/At character 9: Expected a closing bracket/)).toBeVisible();
	await box(page).press('End');
	await box(page).pressSequentially(')');
	await page.keyboard.press('Enter');
	await expect(chip(page, 'Is: Open')).toBeVisible();
	await expect(page).toHaveURL(/q=is:open\+%28tag:a%29$/);
});

test('issues come and go in a filtered list as they change, also by what only the server knows', async ({
	signedIn
}) => {
	const { page } = await signedIn('maintainer');
	const title = unique('Now you see it');
	const id = await fileIssue(page, title);
	const word = title.split(' ').at(-1) ?? '';
	const other = await signedIn('admin');
	const link = page.getByRole('link', { name: title });

	await page.goto(`/issues?q=${encodeURIComponent(`is:open no:assignee created:today`)}`);
	await expect(link).toBeVisible();
	await other.page.goto(`/issues/${id}`);
	await choose(other.page, 'Status', 'Done');
	await expect(link).toHaveCount(0);
	await page.goto(`/issues?q=${encodeURIComponent(`was:open took:<1d ${word}`)}`);
	await expect(link).toBeVisible();
	await choose(other.page, 'Status', 'Triaged');
	await expect(link).toHaveCount(0);
	await page.goto('/board?q=status:triaged+-status:open');
	await expect(page.getByRole('region', { name: /^Triaged/ })).toContainText(title);
	await expect(page.getByRole('region', { name: /^Open/ })).toHaveCount(0);
});

test('words are found while they are typed, and as they are when they are done', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const title = unique('Something stings');
	await fileIssue(page, title, 'It was the platypus.');
	await page.goto('/issues');
	const found = page.getByRole('grid').getByRole('link', { name: title });
	await expect(found).toBeVisible();

	await box(page).pressSequentially('platyp');
	await expect(page.getByRole('row')).toHaveCount(3); // the head, the issue, what is said at the end
	await expect(found).toBeVisible();
	await box(page).press('Enter');
	await expect(page).toHaveURL(/q=platyp$/);
	await expect(page.getByRole('heading', { name: 'No issue fits' })).toBeVisible();
	await page.getByRole('button', { name: 'Search for “platyp*”' }).click();
	await expect(found).toBeVisible();

	await box(page).fill('platypus');
	await box(page).press('Enter');
	await expect(page).toHaveURL(/q=platypus$/);
	await expect(found).toBeVisible();
});

test('tags leave room for the title, however long they are', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const title = unique('A title that says what it is about before it comes to its end');
	await page.locator('body').press('c');
	const dialog = page.getByRole('dialog', { name: 'New issue' });
	await dialog.getByLabel('Title').fill(title);
	await dialog.getByRole('button', { name: /^Tags:/ }).click();
	for (const letter of ['a', 'b', 'c']) {
		await page.getByRole('combobox', { name: 'Tags' }).fill(letter.repeat(50));
		await page.keyboard.press('Enter');
	}
	await page.keyboard.press('Escape');
	await dialog.getByLabel('Title').press('Control+Enter');
	await page.setViewportSize({ width: 1100, height: 700 });
	const link = page.getByRole('grid').getByRole('link', { name: title });
	await expect(link).toBeVisible();
	const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: title }) });
	const share = await row.evaluate((row) => (row.querySelector('a')?.clientWidth ?? 0) / row.clientWidth);
	expect(share).toBeGreaterThan(0.25);
});

test('what fits nothing is said, with a way out', async ({ signedIn }) => {
	const { page } = await signedIn('reporter');
	await page.goto('/issues?q=zzzzzz&severity=low');
	await expect(page.getByRole('heading', { name: 'No issue fits' })).toBeVisible();
	await page.getByRole('button', { name: 'Clear filters and search' }).click();
	await expect(page).toHaveURL(/\/issues$/);
	await expect(page.getByRole('grid')).toBeVisible();
});

test('a draft survives a reload, and similar issues are shown while typing', async ({ signedIn }) => {
	const { page } = await signedIn('reporter');
	const title = unique('Calendar shows yesterday twice');
	await fileIssue(page, title);
	await page.keyboard.press('c');
	const dialog = page.getByRole('dialog', { name: 'New issue' });
	await dialog.getByLabel('Title').fill(`${title} again`);
	await dialog.getByLabel('Description').fill('Since the update.');
	await expect(dialog.getByRole('link', { name: title })).toBeVisible();
	await page.reload();
	await expect(page.getByRole('grid')).toBeFocused();
	await page.keyboard.press('c');
	await expect(dialog.getByLabel('Title')).toHaveValue(`${title} again`);
	await expect(dialog.getByLabel('Description')).toHaveValue('Since the update.');
	await dialog.getByRole('button', { name: 'Start over' }).click();
	await expect(dialog.getByLabel('Title')).toHaveValue('');
});
