import { expect, expectKept, fileIssue, test, unique } from './fixtures.ts';

test('the issue beside the list goes along with the arrow keys, and on from where it stood', async ({
	signedIn
}) => {
	const { page } = await signedIn('maintainer');
	const topic = unique('Row');
	const ids: number[] = [];
	for (const place of ['last', 'third', 'second', 'first'])
		ids.unshift(await fileIssue(page, `${topic} ${place}`));
	const [first = 0, second = 0, third = 0, last = 0] = ids;
	await page.goto(`/issues?status=open&q=${encodeURIComponent(topic)}&issue=${first}`);
	const beside = (id: number) => page.getByRole('region', { name: `Issue #${id}` });
	await expect(beside(first)).toBeVisible();
	await page.getByRole('grid', { name: 'Issues' }).focus();
	await page.keyboard.press('ArrowDown');
	await expect(beside(second)).toBeVisible();
	await expect(page.getByRole('grid', { name: 'Issues' })).toBeFocused();

	// It does not fit the filter any more; the next one is its neighbour all the same.
	await beside(second)
		.getByRole('button', { name: /^Status:/ })
		.click();
	await page.getByRole('option', { name: 'Done' }).click();
	await expect(page.getByRole('grid').getByRole('link', { name: `${topic} second` })).toHaveCount(0);
	await expect(beside(second)).toBeVisible();
	await page.getByRole('button', { name: 'Next issue' }).click();
	await expect(beside(third)).toBeVisible();
	await page.keyboard.press('j');
	await expect(beside(last)).toBeVisible();
	await page.keyboard.press('k');
	await expect(beside(third)).toBeVisible();
});

test('list and board are where they were left, after going back and after a reload', async ({ signedIn }) => {
	const { page } = await signedIn('admin');
	await page.setViewportSize({ width: 900, height: 600 });
	await page.goto('/issues');
	const grid = page.getByRole('grid', { name: 'Issues' });
	const scrollTo = (top: number) =>
		grid.evaluate((element, top) => element.scrollTo({ top, behavior: 'instant' }), top);
	const top = () => grid.evaluate((element) => Math.round(element.scrollTop));
	await expect(page.getByRole('row').nth(5)).toBeVisible();
	await scrollTo(1_500);
	await page.getByRole('row').nth(14).getByRole('link').click();
	await expect(page).toHaveURL(/\/issues\/\d+$/);
	const id = Number(page.url().split('/').pop());
	await page.goBack();
	await expect.poll(top).toBe(1_500);
	await scrollTo(2_000);
	await expectKept(page, id);
	await page.reload();
	await expect.poll(top).toBe(2_000);

	await page.goto('/board');
	const board = page.getByRole('group', { name: 'Board' });
	const done = page.locator('section[data-status="done"]').getByRole('list');
	const seen = async () => [
		await board.evaluate(({ scrollLeft }) => scrollLeft > 0),
		await done.evaluate(({ scrollTop }) => Math.round(scrollTop))
	];
	await done.evaluate((element) => element.scrollTo({ top: 700, behavior: 'instant' }));
	await done.scrollIntoViewIfNeeded();
	await expect.poll(seen).toEqual([true, 700]);
	await page.reload();
	await expect.poll(seen).toEqual([true, 700]);
	await done.getByRole('link').nth(4).click();
	await expect(page).toHaveURL(/\/issues\/\d+$/);
	await page.goBack();
	await expect.poll(seen).toEqual([true, 700]);
});

test('when only some of many changes are refused, it is said of which issues', async ({ signedIn }) => {
	const { page, expectErrors } = await signedIn('maintainer');
	expectErrors(/status of 403/);
	const topic = unique('Part of a bulk');
	const ids = [];
	for (const place of ['one', 'two', 'three']) ids.push(await fileIssue(page, `${topic} ${place}`));
	await page.goto(`/issues?q=${encodeURIComponent(topic)}`);
	await expect(page.getByRole('grid').getByRole('link', { name: topic })).toHaveCount(3);
	await page.route(new RegExp(`/api/issues/(${ids.slice(0, 2).join('|')})$`), (route) =>
		route.request().method() === 'PATCH'
			? route.fulfill({
					status: 403,
					contentType: 'application/problem+json',
					json: { type: 'about:blank', title: 'Forbidden', status: 403, detail: 'They are frozen.' }
				})
			: route.fallback()
	);
	await page.getByRole('grid').focus();
	await page.keyboard.press('Control+a');
	await page.keyboard.press('s');
	await page.keyboard.type('triaged');
	await page.keyboard.press('Enter');
	const messages = page.getByRole('region', { name: 'Messages' });
	await expect(messages).toContainText(/#\d+ and #\d+: you may not do this/);
	for (const id of ids.slice(0, 2)) await expect(messages).toContainText(`#${id}`);
	await expect(page.locator(`#issue-${ids[2] ?? 0}`).getByRole('img', { name: 'Triaged' })).toBeVisible();
	await expect(page.locator(`#issue-${ids[0] ?? 0}`).getByRole('img', { name: 'Open' })).toBeVisible();
});
