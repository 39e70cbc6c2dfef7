import { expect, fileIssue, signIn, test, unique } from './fixtures.ts';

test('a person is added, changes role, is locked out and let in again', async ({ signedIn, visit }) => {
	const { page, expectErrors } = await signedIn('admin');
	const name = unique('Ines Duarte');
	const email = `${name.replaceAll(' ', '.')}@example.com`;
	await page.goto('/admin/people');
	await page.getByRole('button', { name: 'Add person' }).click();
	const dialog = page.getByRole('dialog', { name: 'Add a person' });
	await dialog.getByLabel('Full name').fill(name);
	expectErrors(/status of 409/);
	await dialog.getByLabel('Email').fill('admin@example.com');
	await dialog.getByRole('button', { name: 'Add person' }).click();
	await expect(dialog.getByLabel('Email')).toHaveAttribute('aria-invalid', 'true');
	await dialog.getByLabel('Email').fill(email);
	const password = await dialog.getByLabel('Password', { exact: true }).inputValue();
	await dialog.getByRole('button', { name: 'Add person' }).click();
	const row = page.getByRole('row', { name });
	await expect(row).toContainText('Reporter');

	const theirs = await visit();
	await signIn(theirs.page, email, password);

	await row.getByRole('button', { name: `Actions for ${name}` }).click();
	await page.getByRole('menuitemcheckbox', { name: 'Maintainer' }).click();
	await expect(row).toContainText('Maintainer');

	await row.getByRole('button', { name: `Actions for ${name}` }).click();
	await page.getByRole('menuitem', { name: 'Deactivate' }).click();
	await expect(row).toContainText('Deactivated');
	theirs.expectErrors(/status of 401|WebSocket/);
	await theirs.page.reload();
	await expect(theirs.page.getByRole('button', { name: 'Sign in' })).toBeVisible();
	await page.getByRole('button', { name: 'Undo' }).last().click();
	await expect(row).not.toContainText('Deactivated');
});

test('a person is found on whichever page of people they stand', async ({ signedIn }) => {
	const { page } = await signedIn('admin');
	await page.route('**/api/users?*', (route) =>
		route.continue({ url: route.request().url().replace('limit=100', 'limit=4') })
	);
	await page.goto('/admin/people');
	await expect(page.getByRole('button', { name: 'Show more' })).toBeVisible();
	await expect(page.getByText('Tomás Rivera')).toHaveCount(0);
	await page.getByRole('searchbox', { name: 'Find a person' }).fill('tomas');
	await expect(page.getByRole('row', { name: /Tomás Rivera/ })).toBeVisible();
	await page.getByRole('searchbox', { name: 'Find a person' }).fill('nobody at all');
	await expect(page.getByText('Nobody here is called “nobody at all”.')).toBeVisible();
});

test('the last admin stays one, and is told why', async ({ signedIn }) => {
	const { page, expectErrors } = await signedIn('admin');
	expectErrors(/status of 409/);
	await page.goto('/admin/people');
	const row = page.getByRole('row', { name: /Nora Lindqvist/ });
	await row.getByRole('button', { name: 'Actions for Nora Lindqvist' }).click();
	await page.getByRole('menuitem', { name: 'Deactivate' }).click();
	await expect(page.getByRole('region', { name: 'Messages' })).toContainText(/last active admin/i);
	await expect(row).not.toContainText('Deactivated');
});

test('an issue goes to the trash, comes back, and goes for good', async ({ signedIn }) => {
	const { page, expectErrors } = await signedIn('admin');
	const title = unique('Not worth keeping');
	const id = await fileIssue(page, title);
	const link = page.getByRole('link', { name: title });
	await page.goto(`/issues/${id}`);
	await page.getByRole('button', { name: 'More actions' }).click();
	await page.getByRole('menuitem', { name: 'Move to trash' }).click();
	await expect(page).toHaveURL(/\/issues$/);
	await expect(link).toHaveCount(0);
	await page.getByRole('button', { name: 'Undo' }).click();
	await expect(link).toBeVisible();

	// The list kept one's place; the issue is the newest, and so the first.
	await page.getByRole('grid').press('Home');
	await page.keyboard.press('Shift+Delete');
	await expect(link).toHaveCount(0);
	await expect(page.getByText(`Moved #${id} to the trash`)).toHaveCount(1);
	await page.goto('/admin/trash');
	await page.getByRole('button', { name: `Restore #${id}` }).click();
	await expect(page.getByText(title)).toHaveCount(0);
	await page.goto(`/issues/${id}`);
	await expect(page.getByLabel('Title')).toHaveValue(title);

	await page.keyboard.press('Shift+Delete');
	await page.goto('/admin/trash');
	await page.getByRole('button', { name: `Delete #${id} for good` }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click();
	await expect(page.getByText(title)).toHaveCount(0);
	expectErrors(/status of 404/);
	await page.goto(`/issues/${id}`);
	await expect(page.getByRole('heading', { name: `There is no issue #${id} for you` })).toBeVisible();
	await page.getByRole('link', { name: 'Back to the list' }).click();
	await expect(page.getByRole('grid')).toBeVisible();
});

test('those who are not admins find no way in', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	await expect(page.getByRole('link', { name: 'People' })).toHaveCount(0);
	await page.goto('/admin/people');
	await expect(page.getByRole('heading', { name: 'Only administrators come in here' })).toBeVisible();
	await page.getByRole('link', { name: 'Go to the issues' }).click();
	await expect(page.getByRole('grid')).toBeVisible();
});
