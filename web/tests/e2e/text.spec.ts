import type { Locator, Page } from '@playwright/test';
import { expect, fileIssue, test, unique } from './fixtures.ts';

const PIXEL = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
	'base64'
);

/** Pastes or drops files, as the browser would. */
async function give(target: Locator, how: 'paste' | 'drop', name: string, type: string): Promise<void> {
	await target.evaluate(
		(element, { how, name, type, bytes }) => {
			const data = new DataTransfer();
			data.items.add(new File([new Uint8Array(bytes)], name, { type }));
			const event =
				how === 'paste'
					? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
					: new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
			element.dispatchEvent(event);
		},
		{ how, name, type, bytes: type === 'image/png' ? [...PIXEL] : [...Buffer.from('a line\n')] }
	);
}

const picture = (where: Page | Locator, name: string) => where.getByRole('img', { name, exact: true });

test('pictures and files are written into a text, and shown in it to everybody', async ({ signedIn }) => {
	const { page } = await signedIn('reporter');
	const id = await fileIssue(page, unique('Login is off'), 'Before after');
	await page.goto(`/issues/${id}`);
	await page.getByRole('button', { name: 'Edit description' }).click();
	const text = page.getByRole('textbox', { name: 'Description' });
	await text.evaluate((box: HTMLTextAreaElement) => box.setSelectionRange(6, 6));
	await give(text, 'paste', 'log in (1).png', 'image/png');
	await expect(text).toHaveValue('Before ![log in (1)](attachment:log%20in%20%281%29.png)  after');
	await page.keyboard.press('Control+z');
	await expect(text).toHaveValue('Before after');
	await page.keyboard.press('Control+Shift+z');
	await page.keyboard.press('End');
	await give(text, 'drop', 'trace.log', 'text/plain');
	await expect(text).toHaveValue(/after \[trace\.log\]\(attachment:trace\.log\) $/);
	await page.getByRole('button', { name: 'Preview' }).first().click();
	await expect(picture(page, 'log in (1)')).toHaveJSProperty('naturalWidth', 1);
	await page.getByRole('button', { name: 'Save' }).click();

	const other = await signedIn('maintainer');
	await other.page.goto(`/issues/${id}`);
	const description = other.page.getByRole('region', { name: 'Description' });
	await expect(picture(description, 'log in (1)')).toHaveJSProperty('naturalWidth', 1);
	await description.getByRole('button', { name: 'View log in (1)' }).click();
	await expect(other.page.getByRole('dialog', { name: 'log in (1).png' })).toBeVisible();
	await other.page.keyboard.press('Escape');
	const saved = other.page.waitForEvent('download');
	await description.getByRole('button', { name: /^trace\.log/ }).click();
	expect((await saved).suggestedFilename()).toBe('trace.log');

	// A file that goes leaves an honest place behind, for everybody and at once.
	await page.getByRole('button', { name: 'Actions for log in (1).png' }).click();
	await page.getByRole('menuitem', { name: 'Delete' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete file' }).click();
	await expect(description).toContainText('log in (1) (is not among the files)');
	await expect(picture(description, 'log in (1)')).toHaveCount(0);
});

test('a comment shows its picture while that is on its way, and names one that was refused', async ({
	signedIn
}) => {
	const { page, expectErrors } = await signedIn('maintainer');
	expectErrors(/status of 415|net::ERR_/);
	const id = await fileIssue(page, unique('Where is the picture'));
	await page.goto(`/issues/${id}`);
	const files = page.getByRole('region', { name: 'Files' });
	await expect(files).toContainText('None yet');
	let goOn = (): void => undefined;
	const held = new Promise<void>((resolve) => (goOn = resolve));
	await page.route('**/attachments', async (route) => {
		if (route.request().method() === 'POST') await held;
		await route.continue();
	});
	const box = page.getByRole('textbox', { name: 'Write a comment' });
	await give(box, 'paste', 'shot.png', 'image/png');
	await expect(box).toHaveValue('![shot](attachment:shot.png) ');
	await page.getByRole('button', { name: 'Comment', exact: true }).click();
	const comment = page.getByRole('article');
	await expect(picture(comment, 'shot (on its way)')).toHaveJSProperty('naturalWidth', 1);
	goOn();
	await expect(picture(comment, 'shot')).toHaveJSProperty('naturalWidth', 1);

	// What is surely refused is not even tried.
	await give(box, 'drop', 'setup.exe', 'application/x-msdownload');
	await expect(page.getByText('Not attached: setup.exe')).toBeVisible();
	await expect(box).toHaveValue('');
	await expect(files).not.toContainText('setup.exe');

	await page.getByLabel('Files for the text').setInputFiles({
		name: 'no.png',
		mimeType: 'image/png',
		buffer: Buffer.from('not a picture')
	});
	await expect(box).toHaveValue('![no](attachment:no.png) ');
	await expect(files).toContainText('This kind of file is not taken');
	await page.getByRole('button', { name: 'Preview' }).click();
	await expect(page.getByText('no (was not attached)')).toBeVisible();
	await files.getByRole('button', { name: 'Cancel no.png' }).click();
	await expect(page.getByText('no (is not among the files)')).toBeVisible();
});

test('who goes to the comment by key sees what sends it, too', async ({ signedIn }) => {
	const { page } = await signedIn('reporter');
	const id = await fileIssue(page, unique('Long story'), 'And then.\n\n'.repeat(60));
	await page.goto(`/issues/${id}`);
	const send = page.getByRole('button', { name: 'Comment', exact: true });
	await expect(send).toBeVisible();
	await expect(send).not.toBeInViewport();
	await page.keyboard.press('m');
	await expect(page.getByRole('textbox', { name: 'Write a comment' })).toBeFocused();
	await expect(send).toBeInViewport({ ratio: 1 });
});

test('an issue that a text quotes is one click away', async ({ signedIn }) => {
	const { page } = await signedIn('reporter');
	const title = unique('Quoted elsewhere');
	const quoted = await fileIssue(page, title);
	const id = await fileIssue(page, unique('Quotes another'), `Since #${quoted} was done.`);
	await page.goto(`/issues/${id}`);
	await page.getByRole('link', { name: `#${quoted}`, exact: true }).click();
	await expect(page).toHaveURL(new RegExp(`/issues/${quoted}$`));
	await expect(page.getByLabel('Title')).toHaveValue(title);
});

test('tasks are ticked by those who may edit, by keyboard too, and others see it', async ({ signedIn }) => {
	const reporter = await signedIn('reporter');
	const admin = await signedIn('admin');
	const tasks = 'To do:\n\n- [ ] first\n- [x] second\n  - [ ] inner\n\n```\n- [ ] code\n```';
	const id = await fileIssue(admin.page, unique('Only staff may edit this'), tasks);
	await admin.page.goto(`/issues/${id}`);
	const box = (page: Page, name: string) => page.getByRole('checkbox', { name, exact: true });
	await box(admin.page, 'first').click();
	await expect(box(admin.page, 'first')).toBeChecked();
	await box(admin.page, 'second').focus();
	await admin.page.keyboard.press('Space');
	await expect(box(admin.page, 'second')).not.toBeChecked();
	await expect(box(admin.page, 'second')).toBeFocused();
	await admin.page.getByRole('button', { name: 'Edit description' }).click();
	await expect(admin.page.getByRole('textbox', { name: 'Description' })).toHaveValue(
		tasks.replace('[ ] first', '[x] first').replace('[x] second', '[ ] second')
	);
	await admin.page.getByRole('button', { name: 'Cancel' }).click();

	// The reporter's own issue: may edit it, but not the comment of another.
	const own = await fileIssue(reporter.page, unique('My own list'), '- [ ] mine');
	await reporter.page.goto(`/issues/${own}`);
	await admin.page.goto(`/issues/${own}`);
	await admin.page.getByLabel('Write a comment').fill('- [ ] theirs');
	await admin.page.getByRole('button', { name: 'Comment', exact: true }).click();
	await expect(box(reporter.page, 'theirs')).toBeDisabled();
	await box(reporter.page, 'mine').click();
	await expect(box(admin.page, 'mine')).toBeChecked();
	await box(admin.page, 'theirs').click();
	await expect(box(reporter.page, 'theirs')).toBeChecked();
});

test('files of a new issue wait for it, are told when a reload let go of them, and come along', async ({
	signedIn
}) => {
	const { page } = await signedIn('reporter');
	const title = unique('Filed with its files');
	await page.keyboard.press('c');
	const dialog = page.getByRole('dialog', { name: 'New issue' });
	const files = dialog.getByRole('region', { name: 'Files' });
	await dialog.getByLabel('Title').fill(title);
	const text = dialog.getByRole('textbox', { name: 'Description' });
	await give(text, 'paste', 'shot.png', 'image/png');
	await expect(text).toHaveValue('![shot](attachment:shot.png) ');
	await give(dialog.getByLabel('Title'), 'drop', 'trace.log', 'text/plain');
	await give(dialog.getByLabel('Title'), 'drop', 'mistake.log', 'text/plain');
	await files.getByRole('button', { name: 'Cancel mistake.log' }).click();
	await expect(files.getByRole('listitem')).toHaveText([/shot\.png/, /trace\.log/]);
	await dialog.getByRole('button', { name: 'Preview' }).click();
	await expect(picture(dialog, 'shot (on its way)')).toHaveJSProperty('naturalWidth', 1);

	// Another tab has the text and no files, as this one would after a reload.
	const other = await page.context().newPage();
	await other.goto('/issues');
	await other.getByRole('grid').press('c');
	const again = other.getByRole('dialog', { name: 'New issue' });
	await expect(again.getByRole('textbox', { name: 'Title' })).toHaveValue(title);
	await expect(again).toContainText('Attach again: shot.png, trace.log');
	await give(again.getByRole('textbox', { name: 'Title' }), 'drop', 'trace.log', 'text/plain');
	await expect(again).toContainText('Attach again: shot.png');
	await other.close();

	await dialog.getByLabel('Title').press('Control+Enter');
	await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Open' }).click();
	await expect(page.getByLabel('Title')).toHaveValue(title);
	const description = page.getByRole('region', { name: 'Description' });
	await expect(picture(description, 'shot')).toHaveJSProperty('naturalWidth', 1);
	await expect(page.getByRole('button', { name: 'Download trace.log' })).toBeVisible();
	await page.locator('body').press('c');
	await expect(dialog.getByLabel('Title')).toHaveValue('');
	await expect(files).toHaveCount(0);
});

test('what is on its way is spoken of before it would be lost', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const id = await fileIssue(page, unique('Slow line'));
	await page.goto(`/issues/${id}`);
	let goOn = (): void => undefined;
	const held = new Promise<void>((resolve) => (goOn = resolve));
	await page.route('**/attachments', async (route) => {
		if (route.request().method() === 'POST') await held;
		await route.continue();
	});
	const leaves = () => page.evaluate(() => dispatchEvent(new Event('beforeunload', { cancelable: true })));
	expect(await leaves()).toBe(true);
	await give(page.getByRole('textbox', { name: 'Write a comment' }), 'drop', 'trace.log', 'text/plain');
	await expect(page.getByText('trace.log', { exact: true })).toBeVisible();
	expect(await leaves()).toBe(false);
	await page.getByRole('button', { name: /Maintainer$/ }).click();
	await page.getByRole('menuitem', { name: 'Sign out' }).click();
	const question = page.getByRole('dialog', { name: 'Sign out and lose 1 file?' });
	await question.getByRole('button', { name: 'Cancel' }).click();
	goOn();
	await expect(page.getByRole('button', { name: 'Download trace.log' })).toBeVisible();
	expect(await leaves()).toBe(true);
});

test('what is filed already is shown while its title is typed, with a slip in it too', async ({
	signedIn
}) => {
	const { page } = await signedIn('reporter');
	const title = unique('Elevator doors reopen endlessly');
	const id = await fileIssue(page, title);
	await page.keyboard.press('c');
	await page.getByRole('textbox', { name: 'Title' }).fill('Elevater dors reopen endlesly');
	const similar = page.getByRole('region', { name: 'Similar issues' });
	await expect(similar.getByRole('link', { name: title })).toHaveAttribute('href', `/issues/${id}`);
	await page.getByRole('textbox', { name: 'Title' }).fill('El');
	await expect(similar).toHaveCount(0);
});
