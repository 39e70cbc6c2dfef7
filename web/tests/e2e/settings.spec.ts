import type { Page } from '@playwright/test';
import { expect, signIn, tabTo, test, unique } from './fixtures.ts';

/** Somebody new, so that nobody else's account is changed. */
async function register(page: Page): Promise<{ name: string; email: string; password: string }> {
	const name = unique('Robin Vale');
	const email = `${name.replaceAll(' ', '.').toLowerCase()}@example.com`;
	const password = 'three small words';
	await page.goto('/register');
	await page.getByLabel('Full name').fill(name);
	await page.getByLabel('Email').fill(email);
	await page.getByRole('textbox', { name: 'Password' }).fill(password);
	await page.getByRole('button', { name: 'Create account' }).click();
	await expect(page.getByRole('heading', { name: 'You have not reported anything yet' })).toBeVisible();
	return { name, email, password };
}

test('name, looks and keys are set without a mouse, and stay', async ({ visit }) => {
	const { page } = await visit();
	const { name } = await register(page);
	await page.goto('/settings');

	const field = page.getByLabel('Full name');
	await tabTo(page, field);
	await page.keyboard.press('End');
	await page.keyboard.type(' Jr.');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('button', { name: `${name} Jr. Reporter` })).toBeVisible();

	await tabTo(page, page.getByRole('radio', { name: 'System' }));
	await page.keyboard.press('ArrowRight');
	await expect(page.locator('html')).not.toHaveClass(/dark/);
	await page.keyboard.press('ArrowRight');
	await expect(page.locator('html')).toHaveClass(/dark/);
	await tabTo(page, page.getByLabel('Density of lists'));
	await page.keyboard.press('ArrowDown');
	await tabTo(page, page.getByLabel('Time zone'));
	await page.keyboard.type('Pacific/Auck');
	await tabTo(page, page.getByRole('checkbox', { name: /^Shortcuts of a single key/ }));
	await page.keyboard.press('Space');

	await page.reload();
	await expect(field).toHaveValue(`${name} Jr.`);
	await expect(page.locator('html')).toHaveClass(/dark/);
	await expect(page.getByLabel('Density of lists')).toHaveValue('compact');
	await expect(page.getByLabel('Time zone')).toHaveValue('Pacific/Auckland');
	await page.locator('body').press('c');
	await expect(page.getByRole('checkbox', { name: /^Shortcuts of a single key/ })).not.toBeChecked();
	await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('a device is signed out from another, and a new password signs out all others', async ({ visit }) => {
	const own = await visit();
	const { page } = own;
	const { email, password } = await register(page);
	const [lost, spare] = [await visit({ phone: true }), await visit()];
	for (const { page: device, expectErrors } of [lost, spare]) {
		expectErrors(/status of 401|WebSocket/);
		await signIn(device, email, password);
	}

	await page.goto('/settings');
	const devices = page.getByRole('region', { name: 'Signed in on' });
	await expect(devices.getByRole('listitem')).toHaveCount(3);
	await expect(devices.getByRole('listitem').first()).toContainText('This one');
	const end = devices.getByRole('button', { name: /^End / });
	await tabTo(page, end.last());
	// The one that was used last stands first.
	await page.keyboard.press('Enter');
	await expect(devices.getByRole('listitem')).toHaveCount(2);
	await expect(lost.page.getByRole('dialog', { name: 'Sign in again' })).toBeVisible();

	own.expectErrors(/status of 4(00|01|03|22)/);
	const current = page.getByLabel('Current password');
	const next = page.getByRole('textbox', { name: 'New password' });
	await tabTo(page, current, 'Shift+Tab');
	await page.keyboard.type('not the password');
	await tabTo(page, next);
	await page.keyboard.type('four rather small words');
	await page.keyboard.press('Enter');
	await expect(current).toHaveAttribute('aria-invalid', 'true');
	await current.fill(password);
	await next.press('Enter');
	await expect(page.getByText('Changed your password')).toBeVisible();
	await expect(spare.page.getByRole('dialog', { name: 'Sign in again' })).toBeVisible();
	await page.reload();
	await expect(devices.getByRole('listitem')).toHaveCount(1);

	const again = await visit();
	again.expectErrors(/status of 401/);
	await again.page.goto('/login?to=/issues');
	await again.page.getByLabel('Email').fill(email);
	await again.page.getByRole('textbox', { name: 'Password' }).fill(password);
	await again.page.keyboard.press('Enter');
	await expect(again.page.getByRole('alert').first()).toBeVisible();
	await again.page.getByRole('textbox', { name: 'Password' }).fill('four rather small words');
	await again.page.keyboard.press('Enter');
	await expect(again.page).toHaveURL(/\/issues$/);
});
