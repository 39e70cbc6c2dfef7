import { execFileSync } from 'node:child_process';
import { test } from '@playwright/test';
import {
	changeToPaint,
	frameRate,
	keyToPaint,
	median,
	newcomer,
	overLine,
	print,
	scriptSize,
	timeToRows,
	type Figure
} from './measures.ts';

const ISSUES = 10_000;
const TIMES = 3;
const CHANGES = 15;
const CHANGES_ELSEWHERE = 100;

test.beforeAll(() => {
	const args = ['-m', 'bench.working_set', process.env.DATABASE_URL ?? '', String(ISSUES)];
	execFileSync('../.venv/bin/python', args, { cwd: '../api' });
});

test(`the app with ${ISSUES.toLocaleString('en')} issues`, async ({ browser, baseURL }) => {
	const figures: Figure[] = [];
	const guest = await (await browser.newContext({ baseURL, ignoreHTTPSErrors: true })).newPage();
	await guest.goto('/login', { waitUntil: 'networkidle' });
	const forSignIn = await scriptSize(guest);
	await guest.context().close();

	const cold: number[] = [];
	const warm: number[] = [];
	for (let time = 0; time < TIMES; time++) {
		const page = await newcomer(browser, baseURL);
		await overLine(page);
		cold.push(await timeToRows(page));
		// All of it has come, and the browser keeps rows and app.
		await page.getByText('Live', { exact: true }).first().waitFor();
		await page.evaluate(() => navigator.serviceWorker.ready);
		await page.waitForTimeout(1_500);
		warm.push(await timeToRows(page));
		await page.context().close();
	}
	figures.push(
		{ name: 'Scripts for signing in, gzip', value: forSignIn, unit: 'kB', target: { atMost: 100 } },
		...(
			[
				['cold', cold, 1_000],
				['warm', warm, 600]
			] as const
		).map(([how, times, atMost]) => ({
			name: `First usable list, ${how}, 100 ms away`,
			value: median(times),
			unit: 'ms',
			target: { atMost },
			note: `${Math.round(Math.min(...times))}–${Math.round(Math.max(...times))}`
		}))
	);

	const page = await newcomer(browser, baseURL);
	const cdp = await page.context().newCDPSession(page);
	await timeToRows(page);
	const forList = await scriptSize(page);
	await page.getByText('Live', { exact: true }).first().waitFor();
	const { rate, late } = await frameRate(page, cdp);
	figures.push(
		{ name: 'Scripts for the list, gzip', value: forList, unit: 'kB', target: { atMost: 100 } },
		{
			name: 'Scrolling the list',
			value: rate,
			unit: 'fps',
			target: { atLeast: 55 },
			note: `${late} frames over 25 ms`
		}
	);

	await page.goto('/issues?sort=-updated');
	await page.locator('[data-issue]').first().waitFor();
	await page.keyboard.press('j');
	const keys: number[] = [];
	for (let change = 0; change < CHANGES; change++) {
		keys.push(await keyToPaint(page));
	}
	figures.push({
		name: 'Key press to painted change',
		value: median(keys),
		unit: 'ms',
		target: { atMost: 50 },
		note: `at most ${Math.round(Math.max(...keys))}`
	});

	const other = await newcomer(browser, baseURL);
	const form = { username: 'maintainer@example.com', password: 'maintainer123' };
	const grant = (await (await other.request.post('/api/users/token', { form })).json()) as {
		access_token: string;
	};
	const headers = { Authorization: `Bearer ${grant.access_token}` };
	const id = Number(await page.locator('[data-issue]').first().getAttribute('data-issue'));
	const lives: number[] = [];
	for (let change = 0; change < CHANGES_ELSEWHERE; change++) {
		lives.push(
			await changeToPaint(page, id, async (title) => {
				await other.request.patch(`/api/issues/${id}`, { headers, data: { title } });
			})
		);
	}
	figures.push({
		name: 'Another person’s change, sent to painted',
		value: median(lives),
		unit: 'ms',
		target: { atMost: 300 },
		note: `at most ${Math.round(Math.max(...lives))} of ${CHANGES_ELSEWHERE}`
	});

	await page.goto('/board');
	await page.locator('section [data-issue]').first().waitFor();
	figures.push({
		name: 'Cards of the board in the document',
		value: await page.locator('section [data-issue]').count(),
		unit: '',
		target: { atMost: 200 }
	});
	await other.context().close();
	await page.context().close();
	print(figures);
});
