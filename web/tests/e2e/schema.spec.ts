import { expect, test } from './fixtures.ts';

const places = {
	'behind a prefix': () => new URL('/api/docs', process.env.WEB_URL).href,
	'on the API itself': () => new URL('/schema/', process.env.API_URL).href
};

for (const [place, address] of Object.entries(places)) {
	test(`the API can be tried out from its own page, ${place}`, async ({ visit }) => {
		const { page } = await visit();
		const origins = new Set<string>();
		page.on('request', (request) => origins.add(new URL(request.url()).origin));
		await page.goto(address());
		await expect(page.getByRole('heading', { name: /Issues & Insights Tracker/ })).toBeVisible();

		await page.getByRole('button', { name: 'Authorize', exact: true }).click();
		const password = page.locator('.auth-container', { hasText: 'password (OAuth2, password)' });
		await password.getByLabel('username:').fill('maintainer@example.com');
		await password.getByLabel('password:').fill('maintainer123');
		await password.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click();
		await expect(password.getByText('Authorized')).toBeVisible();
		await password.getByRole('button', { name: 'Close' }).click();

		const operation = page.locator('#operations-Accounts-readProfile');
		await operation.getByRole('button', { name: 'get /users/me', exact: false }).first().click();
		await operation.getByRole('button', { name: 'Execute' }).click();
		await expect(operation.locator('.live-responses-table')).toContainText('maintainer@example.com');
		expect([...origins], 'nothing from elsewhere').toEqual([new URL(address()).origin]);
	});
}
