import { choose, expect, fileIssue, test } from './fixtures.ts';

for (const role of ['admin', 'maintainer'] as const) {
	test(`${role} files, triages and closes an issue`, async ({ signedIn }) => {
		const { page } = await signedIn(role);
		const id = await fileIssue(page, `Invoice of ${role} has no date`, 'Seen **twice** today.');
		await page.goto(`/issues/${id}`);
		await expect(page.getByText('Seen twice today.')).toBeVisible();
		await expect(page.locator('strong', { hasText: 'twice' })).toBeVisible();

		await choose(page, 'Status', 'Triaged');
		await choose(page, 'Severity', 'High');
		await choose(page, 'Assignee', 'Nora Lindqvist');
		await page.getByLabel('Write a comment').fill('Happens since Monday.');
		await page.getByRole('button', { name: 'Comment', exact: true }).click();
		await choose(page, 'Status', 'Done');

		// Told by the server, not only shown here.
		await expect(page.getByRole('region', { name: 'Activity' })).toContainText(/closed this as\s*Done/);
		await page.reload();
		const properties = page.getByLabel('Properties');
		await expect(properties).toContainText('Done');
		await expect(properties).toContainText('High');
		await expect(properties).toContainText('Nora Lindqvist');
		await expect(page.getByText('Happens since Monday.')).toBeVisible();
	});
}

test('a reporter files an issue, sees it triaged and closed while looking, and can do neither', async ({
	signedIn
}) => {
	const reporter = await signedIn('reporter');
	const title = 'Booking page stays empty';
	const id = await fileIssue(reporter.page, title);
	await reporter.page.goto(`/issues/${id}`);
	await expect(reporter.page.getByLabel('Title')).toHaveValue(title);
	await expect(reporter.page.getByRole('button', { name: /^(Status|Severity|Assignee):/ })).toHaveCount(0);

	const maintainer = await signedIn('maintainer');
	await maintainer.page.getByRole('combobox', { name: 'Search issues' }).fill(title);
	await maintainer.page.getByRole('link', { name: title }).first().click();
	await choose(maintainer.page, 'Status', 'Triaged');
	await expect(reporter.page.getByLabel('Properties')).toContainText('Triaged');
	await maintainer.page.getByLabel('Write a comment').fill('Fixed with the next release.');
	await maintainer.page.getByRole('button', { name: 'Comment', exact: true }).click();
	await expect(reporter.page.getByText('Fixed with the next release.')).toBeVisible();
	await choose(maintainer.page, 'Status', 'Done');
	await expect(reporter.page.getByLabel('Properties')).toContainText('Done');
});

test('a reporter sees nothing of what others filed', async ({ signedIn }) => {
	const admin = await signedIn('admin');
	const id = await fileIssue(admin.page, 'Salaries of everybody');
	const reporter = await signedIn('reporter');
	reporter.expectErrors(/status of 404/);
	await expect(reporter.page.getByText('Salaries of everybody')).toHaveCount(0);
	await reporter.page.goto(`/issues/${id}`);
	await expect(reporter.page.getByRole('alert')).toBeVisible();
	await expect(reporter.page.getByText('Salaries of everybody')).toHaveCount(0);
});
