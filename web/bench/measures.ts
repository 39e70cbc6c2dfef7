import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Browser, CDPSession, Page } from '@playwright/test';

/** A line to a server on another continent. */
export const LINE = {
	offline: false,
	latency: 100,
	downloadThroughput: (10 * 1024 * 1024) / 8,
	uploadThroughput: (10 * 1024 * 1024) / 8
};

export interface Figure {
	name: string;
	value: number;
	unit: string;
	target?: { atMost?: number; atLeast?: number };
	note?: string;
}

/** One line a figure, and what was missed marked. */
export function print(figures: readonly Figure[]): void {
	const lines = figures.map(({ name, value, unit, target, note }) => {
		const { atMost = Infinity, atLeast = -Infinity } = target ?? {};
		const isMet = value <= atMost && value >= atLeast;
		const wanted = target
			? `${target.atMost ? '≤' : '≥'} ${target.atMost ?? target.atLeast ?? 0} ${unit}`
			: '';
		const number = value.toLocaleString('en', { maximumFractionDigits: 1 });
		return [
			isMet ? ' ' : '✗',
			name.padEnd(46),
			`${number} ${unit}`.padStart(12),
			wanted.padEnd(12),
			note ?? ''
		]
			.join('  ')
			.trimEnd();
	});
	console.log(`\n${lines.join('\n')}\n`);
}

export function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** A browser of its own in which somebody is signed in who has never opened the app here. */
export async function newcomer(browser: Browser, baseURL: string | undefined): Promise<Page> {
	const context = await browser.newContext({
		baseURL,
		ignoreHTTPSErrors: true,
		viewport: { width: 1440, height: 900 }
	});
	const form = { username: 'admin@example.com', password: 'admin123' };
	const grant = (await (await context.request.post('/api/users/token', { form })).json()) as {
		access_token: string;
	};
	const headers = { Authorization: `Bearer ${grant.access_token}` };
	const user = await (await context.request.get('/api/users/me', { headers })).text();
	await context.addInitScript((user) => {
		localStorage.setItem('signed-in-user', user);
		new MutationObserver((_, observer) => {
			if (!document.querySelector('[data-issue]')) return;
			observer.disconnect();
			requestAnimationFrame(() =>
				requestAnimationFrame(() => {
					performance.mark('rows');
					console.debug('rows');
				})
			);
		}).observe(document, { childList: true, subtree: true });
	}, user);
	return await context.newPage();
}

export async function overLine(page: Page): Promise<CDPSession> {
	const cdp = await page.context().newCDPSession(page);
	await cdp.send('Network.enable');
	await cdp.send('Network.emulateNetworkConditions', LINE);
	return cdp;
}

/** Opens the list and tells when its first rows were painted, in milliseconds from the beginning. */
export async function timeToRows(page: Page): Promise<number> {
	// Being told costs the page nothing; being asked again and again would.
	const told = page.waitForEvent('console', (message) => message.text() === 'rows');
	await page.goto('/issues', { waitUntil: 'commit' });
	await told;
	return await page.evaluate(() => performance.getEntriesByName('rows')[0]?.startTime ?? NaN);
}

/** What the page has loaded of scripts so far, compressed, in kB. */
export async function scriptSize(page: Page): Promise<number> {
	const paths = await page.evaluate(() =>
		performance
			.getEntriesByType('resource')
			.map(({ name }) => new URL(name).pathname)
			.filter((path) => path.endsWith('.js'))
	);
	const sizes = [...new Set(paths)].map(
		(path) => gzipSync(readFileSync(new URL(`../build${path}`, import.meta.url)), { level: 9 }).length
	);
	return sizes.reduce((sum, size) => sum + size, 0) / 1000;
}

/** Scrolls the list as fast as a wheel can and counts the frames that were painted meanwhile. */
export async function frameRate(page: Page, cdp: CDPSession): Promise<{ rate: number; late: number }> {
	const box = await page.getByRole('grid').boundingBox();
	await page.evaluate(() => {
		const times: number[] = [];
		const note = (time: number) => {
			times.push(time);
			requestAnimationFrame(note);
		};
		requestAnimationFrame(note);
		Object.assign(window, { frames: times });
	});
	await cdp.send('Input.synthesizeScrollGesture', {
		x: (box?.x ?? 0) + 300,
		y: (box?.y ?? 0) + 300,
		yDistance: -16_000,
		speed: 4_000,
		gestureSourceType: 'mouse'
	});
	const times = await page.evaluate(() => (window as unknown as { frames: number[] }).frames);
	const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
	const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
	return { rate: (gaps.length / span) * 1000, late: gaps.filter((gap) => gap > 25).length };
}

/** Milliseconds from the key press that chooses a status until the row is painted with it. */
export async function keyToPaint(page: Page): Promise<number> {
	const id = await page.getByRole('grid').getAttribute('aria-activedescendant');
	const isTriaged =
		(await page
			.locator(`#${id ?? ''}`)
			.getByRole('img', { name: 'Triaged' })
			.count()) > 0;
	const status = isTriaged ? 'In progress' : 'Triaged';
	await page.getByRole('grid').focus();
	await page.keyboard.press('s');
	await page.getByRole('combobox', { name: 'Status' }).waitFor();
	await page.keyboard.type(status);
	await page.evaluate((status) => {
		const id = document.querySelector('[role=grid]')?.getAttribute('aria-activedescendant') ?? '';
		const row = document.getElementById(id);
		const taken = new Promise<number>((resolve) => {
			addEventListener(
				'keydown',
				({ timeStamp }) => {
					const observer = new MutationObserver(() => {
						if (!row?.querySelector(`[aria-label="${status}"], [title="${status}"]`)) return;
						observer.disconnect();
						requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - timeStamp)));
					});
					if (row) observer.observe(row, { childList: true, subtree: true, attributes: true });
				},
				{ capture: true, once: true }
			);
		});
		Object.assign(window, { taken });
	}, status);
	await page.keyboard.press('Enter');
	return await page.evaluate(() => (window as unknown as { taken: Promise<number> }).taken);
}

/** Milliseconds from sending another person's change until it is painted here. */
export async function changeToPaint(
	page: Page,
	id: number,
	send: (title: string) => Promise<void>
): Promise<number> {
	const title = `Changed elsewhere ${crypto.randomUUID().slice(0, 8)}`;
	// Before anything is sent: a change that is painted sooner than somebody watches is only seen with the next one.
	await page.evaluate(
		({ id, title }) => {
			const painted = new Promise<number>((resolve) => {
				const observer = new MutationObserver(() => {
					if (!document.querySelector(`[data-issue="${id}"]`)?.textContent.includes(title)) return;
					observer.disconnect();
					requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
				});
				observer.observe(document.body, { childList: true, subtree: true, characterData: true });
			});
			Object.assign(window, { painted });
		},
		{ id, title }
	);
	const begun = Date.now();
	await send(title);
	return (await page.evaluate(() => (window as unknown as { painted: Promise<number> }).painted)) - begun;
}
