import { expect, fileIssue, test, unique } from './fixtures.ts';

const PIXEL = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
	'base64'
);
const text = (name: string, bytes: number) => ({
	name,
	mimeType: 'text/plain',
	buffer: Buffer.alloc(bytes, 'line of a log\n')
});

test('files are attached with progress, one is given up, and others see them at once', async ({
	signedIn
}) => {
	const reporter = await signedIn('reporter');
	const maintainer = await signedIn('maintainer');
	const { page } = reporter;
	reporter.expectErrors(/net::ERR_ABORTED/);
	const id = await fileIssue(page, unique('Log is cut off'));
	await page.goto(`/issues/${id}`);
	await maintainer.page.goto(`/issues/${id}`);
	const files = page.getByRole('region', { name: 'Files' });
	await expect(files).toContainText('None yet');

	const line = await page.context().newCDPSession(page);
	const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 100_000 };
	await line.send('Network.emulateNetworkConditions', slow);
	const picker = files.locator('input[type=file]');
	await picker.setInputFiles([text('given-up.log', 2_000_000), text('kept.log', 20_000)]);
	await expect(files.getByRole('progressbar', { name: 'Uploading given-up.log' })).toBeVisible();
	await files.getByRole('button', { name: 'Cancel given-up.log' }).click();
	await expect(files.getByText('given-up.log')).toHaveCount(0);
	await line.send('Network.emulateNetworkConditions', { ...slow, uploadThroughput: -1 });
	await expect(files.getByRole('button', { name: 'Download kept.log' })).toBeVisible();

	const theirs = maintainer.page.getByRole('region', { name: 'Files' });
	await theirs.getByRole('button', { name: 'Actions for kept.log' }).click();
	await maintainer.page.getByRole('menuitem', { name: 'Keep for good' }).click();
	await expect(files).toContainText('Kept');
	const saved = page.waitForEvent('download');
	await files.getByRole('button', { name: 'Download kept.log' }).click();
	expect((await saved).suggestedFilename()).toBe('kept.log');

	await files.getByRole('button', { name: 'Actions for kept.log' }).click();
	await page.getByRole('menuitem', { name: 'Delete' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete file' }).click();
	await expect(theirs.getByText('kept.log')).toHaveCount(0);
	await expect(page.getByRole('region', { name: 'Activity' })).toContainText('removed kept.log');
});

test('an upload that breaks goes on, one that is refused says why, and pictures are looked at', async ({
	signedIn
}) => {
	const { page, expectErrors } = await signedIn('maintainer');
	expectErrors(/status of 415|net::ERR_/);
	const id = await fileIssue(page, unique('Button is off by a pixel'));
	await page.goto(`/issues/${id}`);
	const files = page.getByRole('region', { name: 'Files' });
	await expect(files).toContainText('None yet');
	await page.route('**/attachments', (route) => route.abort(), { times: 1 });
	const picker = files.locator('input[type=file]');
	await picker.setInputFiles({ name: 'pixel.png', mimeType: 'image/png', buffer: PIXEL });
	await files.getByRole('button', { name: 'View pixel.png' }).click();
	const viewer = page.getByRole('dialog', { name: 'pixel.png' });
	await expect(viewer.getByRole('img', { name: 'pixel.png' })).toHaveJSProperty('naturalWidth', 1);
	await page.keyboard.press('Escape');

	await picker.setInputFiles({
		name: '<img src=x onerror=alert(1)>.png',
		mimeType: 'image/png',
		buffer: Buffer.from('no')
	});
	await expect(files).toContainText('This kind of file is not taken');
	await files.getByRole('button', { name: /^Cancel/ }).click();

	await page.evaluate(
		(bytes) => {
			const data = new DataTransfer();
			data.items.add(new File([new Uint8Array(bytes)], 'image.png', { type: 'image/png' }));
			document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
		},
		[...PIXEL]
	);
	await expect(files.getByRole('button', { name: /^View pasted-/ })).toBeVisible();
});
