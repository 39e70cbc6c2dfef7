import { expect, tabTo, test, unique } from './fixtures.ts';

test('a table comes in as it is meant, tells what is broken in it, and goes again as if it had never been', async ({
	signedIn
}) => {
	const { page } = await signedIn('admin');
	const [first, second, origin] = [
		unique('Door sticks'),
		unique('Lamp flickers'),
		unique('Log').replace(' ', '-')
	];
	const table = [
		'Nr;Betreff;Status;Priority',
		`${origin}-1;${first};Fertig;high`,
		`${origin}-2;;offen;`,
		`${origin}-3;"${second}";offen;low`
	].join('\r\n');

	await page.getByRole('link', { name: 'Import', exact: true }).click();
	await expect(page).toHaveURL(/\/admin\/import$/);
	await page.getByLabel('File to import', { exact: true }).setInputFiles({
		name: `${origin}.csv`,
		mimeType: 'text/csv',
		buffer: Buffer.from(table, 'latin1')
	});

	// What it can't know, it asks; what it knows, it shows.
	await expect(page.getByRole('heading', { name: `${origin}.csv` })).toBeVisible();
	await expect(page.getByText('separated by semicolons')).toBeVisible();
	await expect(page.getByText('Say which column is the title.')).toBeVisible();
	await expect(page.getByRole('button', { name: 'Import', exact: true })).toBeDisabled();
	await page.getByLabel('Title', { exact: true }).selectOption('Betreff');
	const lines = page
		.getByRole('region', { name: 'The first lines, as they would be imported' })
		.getByRole('listitem');
	await expect(lines).toHaveCount(3);
	await expect(lines.nth(0)).toContainText(first);
	await expect(lines.nth(0)).toContainText("the status 'Fertig' is unknown");
	await expect(lines.nth(1)).toContainText('Not imported: the title is empty');
	await page.getByLabel('“Fertig”').selectOption('Done');
	await expect(lines.nth(0)).not.toContainText('unknown');

	await page.getByRole('button', { name: 'Try it first' }).click();
	const result = page.getByRole('region', { name: 'Result' });
	await expect(result).toContainText(/would be new 2/, { timeout: 30_000 });
	await expect(result).toContainText(/not imported 1/);
	await expect(page.getByText('Not imported: the title is empty').first()).toBeVisible();
	const saving = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Download all' }).click();
	expect((await saving).suggestedFilename()).toMatch(/^import-\d+\.csv$/);

	await page.getByRole('button', { name: 'Import', exact: true }).click();
	await expect(page.getByText('Imported', { exact: true })).toBeVisible({ timeout: 30_000 });
	await expect(result).toContainText(/new 2/);
	const place = page.url();
	await page.getByRole('link', { name: 'See the issues' }).click();
	await expect(page.getByText(second).first()).toBeVisible();

	await page.goto(place);
	await page.getByRole('button', { name: 'Undo', exact: true }).click();
	const dialog = page.getByRole('dialog', { name: `Undo the import of ${origin}.csv?` });
	await expect(dialog).toContainText('2 issues with 0 comments will be gone.');
	await dialog.getByRole('button', { name: 'Undo the import' }).click();
	await expect(page.getByText('This import was undone')).toBeVisible({ timeout: 30_000 });
	await page.goto('/issues');
	await expect(page.getByText(second)).toHaveCount(0);
	await page.goto('/admin/import');
	await expect(page.getByRole('link', { name: `${origin}.csv` })).toContainText('Undone');
});

test('who the people of a table are, how its dates are meant and where it comes from is said without a mouse', async ({
	signedIn
}) => {
	const { page } = await signedIn('admin');
	const [title, name] = [unique('Gate squeaks'), unique('Ann Lee')];
	const table = `id,title,reporter,assignee,created\n1,${title},${name},Bo <bo@example.com>,01/02/2026\n`;
	await page.goto('/admin/import');
	await page.getByLabel('File to import', { exact: true }).setInputFiles({
		name: 'gate.csv',
		mimeType: 'text/csv',
		buffer: Buffer.from(table)
	});
	const line = page
		.getByRole('region', { name: 'The first lines, as they would be imported' })
		.getByRole('listitem');
	await expect(line).toContainText('Feb 1, 2026');

	const person = page.getByRole('textbox', { name: `“${name}”` });
	await tabTo(page, person);
	await page.keyboard.type('nobody');
	await page.keyboard.press('Tab');
	await expect(page.getByText('This is no e-mail address.')).toBeVisible();
	await tabTo(page, person, 'Shift+Tab');
	await page.keyboard.press('Control+a');
	await page.keyboard.type('maintainer@example.com');
	await page.keyboard.press('Tab');
	await expect(page.getByText('This is no e-mail address.')).toHaveCount(0);
	await tabTo(page, page.getByLabel('01/02/2026 means'));
	await page.keyboard.type('2');
	await expect(line).toContainText('Jan 2, 2026');
	await tabTo(page, page.getByRole('textbox', { name: 'Source' }));
	await page.keyboard.type('front gate');
	await page.keyboard.press('Tab');
	await expect(page.getByText('Only letters, digits, dots, dashes and underscores.')).toBeVisible();
	await tabTo(page, page.getByRole('textbox', { name: 'Source' }), 'Shift+Tab');
	await page.keyboard.press('Control+a');
	await page.keyboard.type(unique('gate').replace(' ', '-'));
	await tabTo(page, page.getByRole('button', { name: 'Import', exact: true }));
	await page.keyboard.press('Enter');
	await expect(page.getByText('Imported', { exact: true })).toBeVisible({ timeout: 30_000 });

	await page.goto(`/issues?q=${encodeURIComponent(title)}`);
	await page.getByRole('link', { name: title }).click();
	await expect(page.getByRole('complementary', { name: 'Properties' })).toContainText('Tomás Rivera');
});
