import { expect, fileIssue, signIn, test } from './fixtures.ts';

test('somebody new registers and files a first issue', async ({ visit }) => {
	const { page } = await visit();
	await page.goto('/register');
	await page.getByLabel('Full name').fill('Kim Moss');
	await page.getByLabel('Email').fill(`${crypto.randomUUID()}@example.com`);
	await page.getByRole('textbox', { name: 'Password' }).fill('a long enough password');
	await page.getByRole('button', { name: /create account|register|sign up/i }).click();
	await expect(page).toHaveURL(/\/$/);
	await expect(page.getByRole('heading', { name: 'You have not reported anything yet' })).toBeVisible();
	const id = await fileIssue(page, 'My first issue');
	await expect(page.getByRole('region', { name: 'By status' })).toBeVisible();
	await expect(page.getByRole('link', { name: 'My first issue' })).toBeVisible();
	expect(id).toBeGreaterThan(0);
});

test('a wrong password is told, and one comes to the page one wanted', async ({ visit }) => {
	const { page, expectErrors } = await visit();
	expectErrors(/status of 401/);
	await page.goto('/issues/3');
	await expect(page).toHaveURL(/\/login/);
	await expect(page.getByLabel('Email')).toBeFocused();
	await page.getByLabel('Email').fill('admin@example.com');
	await page.getByRole('textbox', { name: 'Password' }).fill('wrong password');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByRole('alert').first()).toBeVisible();
	await page.getByRole('textbox', { name: 'Password' }).fill('admin123');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page).toHaveURL(/\/issues\/3/);
});

test('signing out leaves nothing in the browser', async ({ signedIn }) => {
	const { page } = await signedIn('admin');
	await expect(page.getByRole('row').nth(3)).toBeVisible();
	// Reloading proves that it was kept until now.
	await page.reload();
	await expect(page.getByRole('row').nth(3)).toBeVisible();
	await page.getByRole('button', { name: /Nora Lindqvist\s*Admin/ }).click();
	await page.getByRole('menuitem', { name: 'Sign out' }).click();
	await expect(page).toHaveURL(/\/login/);
	expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([]);
	expect(await page.evaluate(() => localStorage.getItem('signed-in-user'))).toBeNull();
	await page.goto('/issues');
	await expect(page).toHaveURL(/\/login/);
});

test('signing out in one tab ends the others, and the next person sees only their own', async ({
	signedIn
}) => {
	const { page } = await signedIn('admin');
	await expect(page.getByRole('row').nth(3)).toBeVisible();
	const other = await page.context().newPage();
	await other.goto('/issues');
	await expect(other.getByRole('row').nth(3)).toBeVisible();
	await page.getByRole('button', { name: /Nora Lindqvist\s*Admin/ }).click();
	await page.getByRole('menuitem', { name: 'Sign out' }).click();
	await expect(other).toHaveURL(/\/login/);
	await signIn(page, 'reporter@example.com', 'reporter123');
	await expect(page.getByRole('button', { name: /Reporter$/ })).toBeVisible();
	await expect(page.getByRole('button', { name: /Admin$/ })).toHaveCount(0);
});

test('a session that is ended elsewhere is taken up again without losing what was being written', async ({
	signedIn
}) => {
	const { page, expectErrors } = await signedIn('maintainer');
	expectErrors(/status of 401/);
	const id = await fileIssue(page, 'Written across two sessions');
	await page.goto(`/issues/${id}`);
	await page.getByLabel('Write a comment').fill('Half a sentence');
	await page.evaluate(async () => {
		const json = { 'Content-Type': 'application/json' };
		const body = JSON.stringify({ email: 'maintainer@example.com', password: 'maintainer123' });
		// Another device, whose cookie is not this browser's.
		const answer = await fetch('/api/users/token', {
			method: 'POST',
			headers: json,
			body,
			credentials: 'omit'
		});
		const { access_token } = (await answer.json()) as { access_token: string };
		const Authorization = `Bearer ${access_token}`;
		await fetch('/api/users/logout/all', { method: 'POST', headers: { Authorization }, credentials: 'omit' });
	});
	const dialog = page.getByRole('dialog', { name: /sign in/i });
	await dialog.getByRole('textbox', { name: 'Password' }).fill('maintainer123');
	await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
	await expect(dialog).toHaveCount(0);
	await expect(page.getByLabel('Write a comment')).toHaveValue('Half a sentence');
	await page.getByRole('button', { name: 'Comment', exact: true }).click();
	await page.reload();
	await expect(page.getByText('Half a sentence')).toBeVisible();
});
