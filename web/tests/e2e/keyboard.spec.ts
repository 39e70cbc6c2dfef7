import type { Page } from '@playwright/test';
import { expect, fileIssue, tabTo, test, unique } from './fixtures.ts';

const current = (page: Page) =>
	page.getByRole('grid').evaluate((grid) => {
		const id = grid.getAttribute('aria-activedescendant');
		return id === null ? null : Number(id.replace('issue-', ''));
	});

test('the list is worked through without a mouse', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const second = await fileIssue(page, 'Second from the top');
	const first = await fileIssue(page, 'First from the top');
	const grid = page.getByRole('grid', { name: 'Issues' });
	await expect(grid).toBeFocused();

	await page.keyboard.press('j');
	expect(await current(page)).toBe(first);
	await page.keyboard.press('j');
	expect(await current(page)).toBe(second);
	await page.keyboard.press('ArrowUp');
	expect(await current(page)).toBe(first);

	// One field of one issue, chosen by typing.
	await page.keyboard.press('s');
	await expect(page.getByRole('combobox', { name: 'Status' })).toBeFocused();
	await page.keyboard.type('tri');
	await page.keyboard.press('Enter');
	await expect(page.locator(`#issue-${first}`).getByRole('img', { name: 'Triaged' })).toBeVisible();
	await expect(grid).toBeFocused();

	// Several at once.
	await page.keyboard.press('x');
	await page.keyboard.press('Shift+ArrowDown');
	await expect(page.getByRole('toolbar', { name: 'Marked issues' })).toContainText('2 selected');
	await page.keyboard.press('v');
	await page.keyboard.type('crit');
	await page.keyboard.press('Enter');
	for (const id of [first, second]) {
		await expect(page.locator(`#issue-${id}`).getByRole('img', { name: 'Critical' })).toBeVisible();
	}
	await expect(grid).toBeFocused();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('toolbar', { name: 'Marked issues' })).toHaveCount(0);

	await page.keyboard.press('Home');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(new RegExp(`issue=${first}$`));
	await page.keyboard.press('j');
	await expect(page).toHaveURL(new RegExp(`issue=${second}$`));
	await expect(page.getByRole('region', { name: `Issue #${second}` })).toBeVisible();
	await page.keyboard.press('u');
	await expect(page).toHaveURL(/\/issues$/);
	expect(await current(page)).toBe(second);
});

test('one key takes back what was done last, to one issue or to several', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const second = await fileIssue(page, unique('Taken back as well'));
	const first = await fileIssue(page, unique('Taken back'));
	const has = async (id: number, name: string) =>
		expect(page.locator(`#issue-${id}`).getByRole('img', { name })).toBeVisible();
	await page.keyboard.press('Home');
	await page.keyboard.press('x');
	await page.keyboard.press('Shift+ArrowDown');
	await page.keyboard.press('v');
	await page.keyboard.type('crit');
	await page.keyboard.press('Enter');
	const messages = page.getByRole('region', { name: 'Messages' });
	await expect(messages).toContainText('2 issues: Critical');
	for (const id of [first, second]) await has(id, 'Critical');
	await page.keyboard.press('Escape');

	await page.keyboard.press('Home');
	await page.keyboard.press('s');
	await page.keyboard.type('tri');
	await page.keyboard.press('Enter');
	await has(first, 'Triaged');
	await page.keyboard.press('Control+z');
	await has(first, 'Open');
	await has(first, 'Critical');
	await page.keyboard.press('Control+z');
	for (const id of [first, second]) await has(id, 'Medium');
	await expect(messages).toContainText('Took back the change of 2 issues');
});

test('whoever comes to the list by Tab sees where the focus is', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const id = await fileIssue(page, unique('Seen at once'));
	await page.reload();
	await expect(page.locator(`#issue-${id}`)).toBeVisible();
	expect(await current(page)).toBe(null);
	await tabTo(page, page.getByRole('button', { name: 'How to search' }), 'Shift+Tab');
	await page.keyboard.press('Tab');
	await expect(page.getByRole('grid')).toBeFocused();
	expect(await current(page)).not.toBe(null);
});

test('what fast fingers type before a picker is there is typed into it', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const id = await fileIssue(page, unique('Typed ahead'));
	const grid = page.getByRole('grid', { name: 'Issues' });
	await page.reload();
	await expect(grid).toBeFocused();
	await expect(page.locator(`#issue-${id}`)).toBeVisible();
	let arrive = () => {};
	const arrival = new Promise<void>((resolve) => (arrive = resolve));
	await page.route('**/*.js', async (route) => {
		await arrival;
		await route.continue();
	});
	await page.keyboard.press('Home');
	await page.keyboard.press('v');
	await page.keyboard.type('crit');
	await page.keyboard.press('Enter');
	arrive();
	await expect(page.locator(`#issue-${id}`).getByRole('img', { name: 'Critical' })).toBeVisible();
	await expect(grid).toBeFocused();
});

test('the number of a duplicate can be typed before its picker is there', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const id = await fileIssue(page, unique('Typed ahead'));
	await page.goto(`/issues/${id}`);
	const button = page.getByRole('button', { name: /^Duplicate of:/ });
	await expect(button).toBeVisible();
	let arrive = () => {};
	const arrival = new Promise<void>((resolve) => (arrive = resolve));
	await page.route('**/*.js', async (route) => {
		await arrival;
		await route.continue();
	});
	await button.press('Enter');
	await page.keyboard.type('#987654');
	arrive();
	await expect(page.getByRole('option', { name: '#987654' })).toBeVisible();
});

test('an issue is edited and commented without a mouse', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const id = await fileIssue(page, 'Keyboard all the way');
	await page.goto(`/issues/${id}`);
	await expect(page.getByRole('button', { name: 'Add a description…' })).toBeVisible();
	await page.keyboard.press('e');
	await expect(page.getByRole('textbox', { name: 'Description' })).toBeFocused();
	await page.keyboard.type('It is **bold**.');
	await page.keyboard.press('Control+Enter');
	await expect(page.locator('strong', { hasText: 'bold' })).toBeVisible();

	await page.keyboard.press('m');
	await expect(page.getByRole('textbox', { name: 'Write a comment' })).toBeFocused();
	await page.keyboard.type('Done by hand.');
	await page.keyboard.press('Control+Enter');
	await expect(page.getByRole('article').filter({ hasText: 'Done by hand.' })).toBeVisible();
	await page.getByRole('textbox', { name: 'Write a comment' }).blur();

	await page.keyboard.press('t');
	await page.keyboard.type('from-the-keyboard');
	await page.keyboard.press('Enter');
	await page.keyboard.press('Escape');
	await expect(page.getByRole('button', { name: 'Tags: from-the-keyboard' })).toBeFocused();
});

test('the palette finds actions and issues, and the sheet tells the shortcuts', async ({ signedIn }) => {
	const { page } = await signedIn('admin');
	const title = unique('Needle in the haystack');
	const id = await fileIssue(page, title);
	await page.keyboard.press('Control+k');
	await expect(page.getByRole('combobox', { name: 'Search and commands' })).toBeFocused();
	await page.keyboard.type(title.toLowerCase());
	await expect(page.getByRole('option', { name: `#${id}` })).toBeVisible();
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(new RegExp(`/issues/${id}$`));

	await page.keyboard.press('Control+k');
	await page.keyboard.type('theme dark');
	await expect(page.getByRole('option', { name: 'Theme: dark' })).toHaveAttribute('aria-selected', 'true');
	await page.keyboard.press('Enter');
	await expect(page.locator('html')).toHaveClass(/dark/);

	await page.keyboard.press('?');
	await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toContainText('Write a comment');
	await page.keyboard.press('Escape');
	await page.keyboard.press('g');
	await page.keyboard.press('p');
	await expect(page).toHaveURL(/\/admin\/people$/);
});

test('files, comments, duplicates and the trash need no mouse either', async ({ signedIn }) => {
	const { page } = await signedIn('admin');
	const original = await fileIssue(page, unique('The first of its kind'));
	const title = unique('The second of its kind');
	const id = await fileIssue(page, title);
	// Long before the key: a key may overtake the browser's being told to hand its file dialog over.
	const chosen = page.waitForEvent('filechooser');
	await page.goto(`/issues/${id}`);

	const files = page.getByRole('region', { name: 'Files' });
	await expect(files).toContainText('None yet');
	await tabTo(page, files.getByRole('button', { name: 'Attach files' }));
	await page.keyboard.press('Enter');
	const log = { name: 'by-hand.log', mimeType: 'text/plain', buffer: Buffer.from('one line\n') };
	await (await chosen).setFiles([log]);
	await tabTo(page, files.getByRole('button', { name: 'Actions for by-hand.log' }));
	await page.keyboard.press('Enter');
	await expect(page.getByRole('menuitem').first()).toBeFocused();
	await page.keyboard.type('del');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('dialog').getByRole('button', { name: 'Delete file' })).toBeVisible();
	await tabTo(page, page.getByRole('dialog').getByRole('button', { name: 'Delete file' }));
	await page.keyboard.press('Enter');
	await expect(files.getByText('by-hand.log')).toHaveCount(0);

	await page.locator('body').press('m');
	await page.keyboard.type('Frist.');
	await page.keyboard.press('Control+Enter');
	const comment = page.getByRole('article');
	await tabTo(page, comment.getByRole('button', { name: 'Comment actions' }), 'Shift+Tab');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('menuitem').first()).toBeFocused();
	await page.keyboard.type('edit');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('textbox', { name: 'Edit comment' })).toBeFocused();
	await page.keyboard.press('Control+a');
	await page.keyboard.type('First.');
	await page.keyboard.press('Control+Enter');
	await expect(comment.getByText('First.')).toBeVisible();

	await tabTo(page, page.getByRole('button', { name: /^Duplicate of:/ }));
	await page.keyboard.press('Enter');
	await page.keyboard.type(`#${original}`);
	await expect(page.getByRole('option').first()).toContainText('The first of its kind');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('button', { name: `Duplicate of: #${original}` })).toBeFocused();

	await page.keyboard.press('Shift+Delete');
	await expect(page).toHaveURL(/\/issues$/);
	await page.goto('/admin/trash');
	await tabTo(page, page.getByRole('button', { name: `Restore #${id}` }));
	await page.keyboard.press('Enter');
	await expect(page.getByText(title)).toHaveCount(0);
});

test('the issue that one duplicates is found although its title is written wrongly', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const title = unique('Thermostat freezes in winter');
	const original = await fileIssue(page, title);
	const id = await fileIssue(page, unique('Heating is off'));
	await fileIssue(page, unique('Heating is off again'));
	await page.goto(`/issues/${id}`);
	const answered = page.waitForResponse(/\/issues\/similar/u);
	await page.getByRole('button', { name: /^Duplicate of:/ }).press('Enter');
	await expect(page.getByRole('combobox', { name: 'Duplicate of' })).toBeFocused();
	await answered;
	await expect(page.getByRole('option', { name: 'Heating is off' }).first()).toBeVisible();
	// An answer for other words is none for these, however long theirs takes.
	await page.route(/\/issues\/similar/u, () => undefined);
	await page.getByRole('combobox', { name: 'Duplicate of' }).fill('xylophone');
	await expect(page.getByText('No issue is called like this')).toBeVisible();
	await page.unroute(/\/issues\/similar/u);
	await page
		.getByRole('combobox', { name: 'Duplicate of' })
		.fill(title.replace('Thermostat freezes', 'Termostat freeses'));
	await expect(page.getByRole('option').first()).toContainText(title);
	await page.keyboard.press('Enter');
	await expect(page.getByRole('button', { name: `Duplicate of: #${original}` })).toBeFocused();
	await page.getByRole('button', { name: 'Close as cancelled' }).click();
	await expect(page.getByRole('button', { name: 'Status: Cancelled' })).toBeVisible();
});

test('whoever comes to the board by Tab gets to its first card, and then back to the current one', async ({
	signedIn
}) => {
	const { page } = await signedIn('maintainer');
	const [first, second] = [unique('Comes first'), unique('Comes second')];
	await fileIssue(page, second);
	await fileIssue(page, first);
	await page.goto('/board');
	const card = (title: string) => page.getByRole('link', { name: title });
	await expect(card(first)).toBeVisible();
	await page.getByRole('button', { name: 'How to search' }).focus();
	await page.keyboard.press('Tab'); // to what moves it
	await page.keyboard.press('Tab');
	await expect(card(first)).toBeFocused();
	await page.keyboard.press('ArrowDown');
	await expect(card(second)).toBeFocused();
	await page.getByRole('button', { name: 'How to search' }).focus();
	await page.keyboard.press('Tab');
	await page.keyboard.press('Tab');
	await expect(card(second)).toBeFocused();
});

test('people are let in and given a role without a mouse', async ({ signedIn }) => {
	const { page } = await signedIn('admin');
	const name = unique('Sam Field');
	await page.goto('/admin/people');
	await tabTo(page, page.getByRole('button', { name: 'Add person' }));
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog', { name: 'Add a person' });
	await tabTo(page, dialog.getByLabel('Full name'));
	await page.keyboard.type(name);
	await tabTo(page, dialog.getByLabel('Email'));
	await page.keyboard.type(`${name.replaceAll(' ', '.')}@example.com`);
	await page.keyboard.press('Enter');
	await expect(dialog).toHaveCount(0);
	const row = page.getByRole('row', { name });
	await tabTo(page, row.getByRole('button', { name: `Actions for ${name}` }));
	await page.keyboard.press('Enter');
	await expect(page.getByRole('menuitemcheckbox').first()).toBeFocused();
	await page.keyboard.type('main');
	await page.keyboard.press('Enter');
	await expect(row).toContainText('Maintainer');
});
