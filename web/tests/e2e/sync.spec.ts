import { choose, expect, expectKept, fileIssue, test, unique } from './fixtures.ts';

test('edits made offline are kept, also through a reload, and arrive when the line is back', async ({
	signedIn
}) => {
	const { page, expectErrors } = await signedIn('maintainer');
	expectErrors(/net::ERR_|status of 50\d/);
	const title = unique('Works without a line');
	const id = await fileIssue(page, title);
	await page.goto(`/issues/${id}`);
	await expect(page.getByLabel('Title')).toHaveValue(title);
	await expectKept(page, id);
	await page.context().setOffline(true);
	await expect(page.getByText('Offline', { exact: true }).first()).toBeVisible();
	await choose(page, 'Status', 'In progress');
	await page.getByLabel('Write a comment').fill('Written under way.');
	await page.getByRole('button', { name: 'Comment', exact: true }).click();
	await expect(page.getByText('Written under way.')).toBeVisible();
	// A reload while the API is out of reach: the page itself comes from the web server.
	await page.routeWebSocket('**/api/ws', (socket) => socket.close());
	await page.route('**/api/**', (route) => route.abort());
	await page.context().setOffline(false);
	await page.goto('/issues?status=in_progress');
	await expect(page.getByRole('link', { name: title })).toBeVisible();
	await page.unrouteAll();
	const elsewhere = await signedIn('admin');
	await elsewhere.page.goto(`/issues/${id}`);
	await expect(elsewhere.page.getByLabel('Properties')).toContainText('In progress', { timeout: 40_000 });
	await expect(elsewhere.page.getByText('Written under way.')).toHaveCount(1, { timeout: 40_000 });
});

test('two edits of one title: both are shown, none is lost', async ({ signedIn }) => {
	const first = await signedIn('maintainer');
	const second = await signedIn('admin');
	second.expectErrors(/status of 412|net::ERR_/);
	const id = await fileIssue(first.page, 'Old title');
	await first.page.goto(`/issues/${id}`);
	// The second one does not hear of the first one's edit in time.
	await second.page.routeWebSocket('**/api/ws', () => undefined);
	await second.page.goto(`/issues/${id}`);
	await expect(second.page.getByLabel('Title')).toHaveValue('Old title');
	await first.page.getByLabel('Title').fill('Title by the first');
	await first.page.getByLabel('Title').press('Enter');
	await expect(first.page.getByRole('region', { name: 'Activity' })).toContainText('Title by the first');
	await second.page.getByLabel('Title').fill('Title by the second');
	await second.page.getByLabel('Title').press('Enter');
	const conflict = second.page.getByRole('dialog').or(second.page.getByRole('alert')).first();
	await expect(conflict).toContainText(/changed/i);
});

test('two texts for one description: the second sees both, and makes one of them that has both', async ({
	signedIn
}) => {
	const first = await signedIn('maintainer');
	const second = await signedIn('admin');
	second.expectErrors(/status of 412/);
	const id = await fileIssue(first.page, unique('Written by two'), 'What both began with.');
	const text = ({ page }: typeof first) => page.getByRole('textbox', { name: 'Description' });
	for (const { page } of [first, second]) {
		await page.goto(`/issues/${id}`);
		await page.getByRole('button', { name: 'Edit description' }).click();
	}
	await text(first).fill('What the first wrote.');
	await text(second).fill('What the second wrote.');
	await text(first).press('Control+Enter');
	await expect(second.page.getByRole('region', { name: 'Activity' })).toContainText('edited the description');
	await text(second).press('Control+Enter');
	const conflict = second.page.getByRole('dialog', { name: 'Somebody else saved first' });
	const differences = conflict.getByRole('region', { name: 'Differences in the description' });
	await expect(differences).toContainText('What the first wrote.');
	await expect(differences).toContainText('What the second wrote.');
	const both = 'What the first wrote.\n\nWhat the second wrote.';
	await conflict.getByLabel('Description to save').fill(both);
	await conflict.getByRole('button', { name: 'Save this' }).click();
	for (const { page } of [first, second]) {
		const description = page.getByRole('region', { name: 'Description' });
		await expect(description.getByText('What the first wrote.')).toBeVisible();
		await expect(description.getByText('What the second wrote.')).toBeVisible();
	}
});

test('what others do is seen in the list at once', async ({ signedIn }) => {
	const watching = await signedIn('admin');
	const acting = await signedIn('maintainer');
	const id = await fileIssue(acting.page, 'Appears by itself');
	await expect(watching.page.getByRole('link', { name: 'Appears by itself' })).toBeVisible();
	await acting.page.goto(`/issues/${id}`);
	await acting.page.getByLabel('Title').fill('Changes by itself');
	await acting.page.getByLabel('Title').press('Enter');
	await expect(watching.page.getByRole('link', { name: 'Changes by itself' })).toBeVisible();
});
