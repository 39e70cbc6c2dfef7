import { expect, fileIssue, test, unique } from './fixtures.ts';

test('filters, search and sort are in the address, and come back with it', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const title = unique('Quokka eats the cache');
	await fileIssue(page, title);
	await page.goto('/issues?status=open&severity=medium&sort=updated');
	const filters = page.getByRole('group', { name: 'Filters' });
	await expect(filters.getByRole('button', { name: 'Status: Open' })).toBeVisible();
	await expect(filters.getByRole('button', { name: 'Severity: Medium' })).toBeVisible();
	await expect(page.getByRole('columnheader', { name: 'Updated' })).toHaveAttribute('aria-sort', 'ascending');

	await page.keyboard.press('/');
	await expect(page.getByRole('searchbox', { name: 'Search issues' })).toBeFocused();
	await page.keyboard.type(title.toLowerCase());
	await expect(page.getByRole('row')).toHaveCount(3); // the head, the issue, what is said at the end
	await expect(page).toHaveURL(/q=quokka\+eats/);

	await page.reload();
	await expect(page.getByRole('searchbox', { name: 'Search issues' })).toHaveValue(title.toLowerCase());
	await expect(page.getByRole('link', { name: title })).toBeVisible();

	await filters.getByRole('button', { name: 'Remove the filter Severity' }).click();
	await expect(page).not.toHaveURL(/severity/);
	await page.goBack();
	await expect(filters.getByRole('button', { name: 'Severity: Medium' })).toBeVisible();

	await filters.getByRole('button', { name: 'Clear' }).click();
	await page.getByRole('button', { name: 'Clear search' }).click();
	await expect(page).toHaveURL(/\/issues\?sort=updated$/);
});

test('qualifiers that are typed become chips, and words in comments are found', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const title = unique('Nothing in the title tells');
	const id = await fileIssue(page, title);
	await page.goto(`/issues/${id}`);
	await page.getByLabel('Write a comment').fill('It was the wombat.');
	await page.getByRole('button', { name: 'Comment', exact: true }).click();
	await expect(page.getByRole('article').filter({ hasText: 'wombat' })).toBeVisible();
	await page.goto('/issues');
	await page.getByRole('searchbox').pressSequentially('status:open wombat');
	await expect(page.getByRole('button', { name: 'Status: Open' })).toBeVisible();
	await expect(page.getByRole('searchbox')).toHaveValue('wombat');
	await expect(page.getByRole('link', { name: title })).toBeVisible();
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
