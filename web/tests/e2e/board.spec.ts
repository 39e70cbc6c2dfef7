import { expect, fileIssue, test, unique } from './fixtures.ts';

test('a card is moved by mouse, by keyboard and by its button, and others see it at once', async ({
	signedIn
}) => {
	const { page } = await signedIn('maintainer');
	const watching = await signedIn('admin');
	const title = unique('Card on the move');
	const id = await fileIssue(page, title);
	for (const each of [page, watching.page]) {
		await each.goto(`/board?q=${encodeURIComponent(title)}`);
		await expect(each.getByRole('link', { name: title })).toBeVisible();
	}
	const lane = (status: string, at = page) => at.locator(`section[data-status="${status}"]`);
	const expectIn = async (status: string) => {
		for (const each of [page, watching.page]) {
			await expect(lane(status, each).getByRole('link', { name: title })).toBeVisible();
		}
	};

	await page.locator(`[data-issue="${id}"]`).dragTo(lane('triaged'));
	await expectIn('triaged');

	const card = page.getByRole('link', { name: title });
	await expect(card).toBeFocused();
	await page.keyboard.press('Space');
	await page.keyboard.press('ArrowRight');
	await expect(lane('in_progress').getByRole('link', { name: title })).toBeFocused();
	await page.keyboard.press('Escape');
	await expectIn('triaged');
	await expect(card).toBeFocused();
	await page.keyboard.press('Space');
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('Space');
	await expectIn('in_progress');

	await page.getByRole('button', { name: `Move #${id} to…` }).click();
	await page.getByRole('option', { name: 'Done' }).click();
	await expectIn('done');
});

test('a finger scrolls when it swipes, and moves a card when it rests on it', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer', { phone: true });
	const title = unique('Under the thumb');
	const id = await fileIssue(page, title);
	await page.goto('/board');
	const card = page.locator(`[data-issue="${id}"]`);
	const open = page.locator('section[data-status="open"]').getByRole('list');
	const { x, y } = (await card.boundingBox()) ?? { x: 0, y: 0 };
	const start = { x: x + 120, y: y + 50 };
	const cdp = await page.context().newCDPSession(page);
	const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: { x: number; y: number }[]) =>
		cdp.send('Input.dispatchTouchEvent', { type, touchPoints: points });

	await touch('touchStart', [start]);
	for (const up of [10, 30, 60, 90]) await touch('touchMove', [{ x: start.x, y: start.y - up }]);
	await touch('touchEnd', []);
	await expect.poll(() => open.evaluate((list) => list.scrollTop)).toBeGreaterThan(20);
	await open.evaluate((list) => list.scrollTo({ top: 0, behavior: 'instant' }));
	await expect(card).toBeInViewport();

	await touch('touchStart', [start]);
	// The card that comes along is a copy.
	await expect(page.getByText(title)).toHaveCount(2);
	await touch('touchMove', [{ x: 380, y: start.y + 20 }]);
	const triaged = page.locator('section[data-status="triaged"]');
	await expect
		.poll(async () => ((await triaged.boundingBox())?.x ?? Infinity) < 200, { intervals: [50] })
		.toBe(true);
	await touch('touchMove', [{ x: 250, y: start.y + 20 }]);
	await touch('touchEnd', []);
	await expect(page.getByText(title)).toHaveCount(1);
	await expect(
		page.locator('section:not([data-status="open"])').getByRole('link', { name: title })
	).toBeVisible();
});

test('moving a card by its button keeps the focus on it, and says where it went', async ({ signedIn }) => {
	const { page } = await signedIn('maintainer');
	const title = unique('Keeps the focus');
	const id = await fileIssue(page, title);
	await page.goto(`/board?q=${encodeURIComponent(title)}`);
	const card = page.getByRole('link', { name: title });
	await card.focus();
	await page.keyboard.press('s');
	await page.keyboard.type('done');
	await page.keyboard.press('Enter');
	await expect(page.locator('section[data-status="done"]').getByRole('link', { name: title })).toBeFocused();

	await page.keyboard.press('Space');
	await expect(page.getByText(`Picked up #${id}, over Done.`)).toBeAttached();
	await page.keyboard.press('ArrowLeft');
	await expect(page.getByText('Over In progress')).toBeAttached();
	await page.keyboard.press('Space');
	await expect(page.getByText(`#${id} is in In progress`)).toBeAttached();
	await expect(card).toBeFocused();
});

test('a reporter reads the board, is told why it stays as it is, and opens a card', async ({ signedIn }) => {
	const { page } = await signedIn('reporter');
	const title = unique('Only to look at');
	const id = await fileIssue(page, title);
	await page.goto('/board');
	await expect(page.getByText('Maintainers move them')).toBeVisible();
	const card = page.getByRole('link', { name: title });
	await expect(card).toBeVisible();
	await expect(page.getByRole('button', { name: /^Move #/ })).toHaveCount(0);
	await expect(page.locator(`[data-issue="${id}"]`)).not.toHaveAttribute('draggable', 'true');
	await card.click();
	await expect(page.getByRole('region', { name: `Issue #${id}` })).toBeVisible();
});

test('an issue opens beside the list, follows j and k, survives a reload and gives the focus back', async ({
	signedIn
}) => {
	const { page } = await signedIn('maintainer');
	const second = await fileIssue(page, 'Second beside');
	const first = await fileIssue(page, 'First beside');
	const grid = page.getByRole('grid', { name: 'Issues' });
	await expect(grid).toBeFocused();
	await page.keyboard.press('j');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(new RegExp(`issue=${first}$`));
	await expect(page.getByRole('region', { name: `Issue #${first}` })).toBeFocused();
	await page.keyboard.press('j');
	await expect(page.getByRole('region', { name: `Issue #${second}` })).toBeVisible();
	await page.reload();
	await expect(page.getByRole('region', { name: `Issue #${second}` })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('region', { name: /^Issue #/ })).toHaveCount(0);
	await expect(grid).toBeFocused();
	await page.keyboard.press('Enter');
	await expect(page.getByRole('region', { name: `Issue #${second}` })).toBeFocused();
	await page.keyboard.press('o');
	await expect(page).toHaveURL(new RegExp(`/issues/${second}$`));
	await page.goBack();
	await expect(page.getByRole('region', { name: `Issue #${second}` })).toBeVisible();
	await page.setViewportSize({ width: 700, height: 800 });
	await expect(page).toHaveURL(new RegExp(`/issues/${second}$`));
});
