import { test as base, expect, type BrowserContext, type Locator, type Page } from '@playwright/test';

export type RoleName = 'admin' | 'maintainer' | 'reporter';

/** A person at a browser of their own. */
export interface Visitor {
	page: Page;
	/** Errors of this kind are meant to happen, and the browser reports them: a refused request, a line that is cut. */
	expectErrors: (pattern: RegExp) => void;
}

interface Device {
	/** The browser may keep the app, which other tests need not spend their time on. */
	keeping?: boolean;
	phone?: boolean;
	timezoneId?: string;
}

interface Fixtures {
	visit: (device?: Device) => Promise<Visitor>;
	signedIn: (role: RoleName, device?: Device) => Promise<Visitor>;
}

/** Any error on the console, any uncaught exception and any dialog fails the test. */
export const test = base.extend<Fixtures>({
	visit: async ({ browser, baseURL }, use) => {
		const closings: (() => Promise<void>)[] = [];
		const troubles: string[] = [];
		await use(async ({ keeping = false, phone = false, timezoneId } = {}) => {
			const serviceWorkers = keeping ? 'allow' : 'block';
			const hands = phone ? { hasTouch: true, viewport: { width: 390, height: 780 } } : {};
			const context = await browser.newContext({ baseURL, serviceWorkers, timezoneId, ...hands });
			const { visitor, close } = await open(context, (trouble) => troubles.push(trouble));
			closings.push(close);
			return visitor;
		});
		for (const close of closings) await close();
		expect(troubles, 'nothing on any console').toEqual([]);
	},

	signedIn: async ({ visit }, use) => {
		await use(async (role, device) => {
			const visitor = await visit(device);
			await signIn(visitor.page, `${role}@example.com`, `${role}123`);
			return visitor;
		});
	}
});

export { expect };

/** Signs in on the way to the issues: with them most tests begin. */
export async function signIn(page: Page, email: string, password: string): Promise<void> {
	await page.goto('/login?to=/issues');
	await page.getByLabel('Email').fill(email);
	await page.getByRole('textbox', { name: 'Password' }).fill(password);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page).toHaveURL(/^[^?]+\/issues/);
}

/** A name that no other test, nor the same one tried again, has used. */
export const unique = (name: string) => `${name} ${crypto.randomUUID().slice(0, 6)}`;

/** Files an issue by keyboard and answers its number. */
export async function fileIssue(page: Page, title: string, description = ''): Promise<number> {
	await page.locator('body').press('c');
	const dialog = page.getByRole('dialog', { name: 'New issue' });
	await dialog.getByLabel('Title').fill(title);
	if (description) await dialog.getByLabel('Description').fill(description);
	await dialog.getByLabel('Title').press('Control+Enter');
	const filed = page.getByText(/^Filed as #\d+$/).last();
	await expect(filed).toBeVisible();
	const id = Number((await filed.textContent())?.replace(/\D/g, ''));
	// The next one must not be taken for this one.
	await page.getByRole('button', { name: 'Dismiss' }).last().click();
	return id;
}

/** Waits until the browser's copy, which is a second behind, has an issue. */
export async function expectKept(page: Page, id: number): Promise<void> {
	const kept = () =>
		page.evaluate(async () => {
			const done = <T>(request: IDBRequest<T>) =>
				new Promise<T>((resolve) => (request.onsuccess = () => resolve(request.result)));
			const [found] = await indexedDB.databases();
			if (!found?.name) return [];
			const database = await done(indexedDB.open(found.name));
			const rows = database.transaction('rows').objectStore('rows');
			const blocks = (await done(rows.getAll())) as { id: number }[][];
			database.close();
			return blocks.flat().map(({ id }) => id);
		});
	await expect.poll(kept).toContain(id);
}

/** Goes to something as those do who have no mouse. */
export async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
	await expect(target).toBeVisible();
	const isThere = () => target.evaluate((element) => element === document.activeElement);
	for (let presses = 0; presses < 80; presses += 1) {
		if (await isThere()) return;
		await page.keyboard.press(key);
	}
	expect(await isThere(), 'reached by keyboard').toBe(true);
}

/** Sets a property on the page of an issue. */
export async function choose(page: Page, property: string, value: string): Promise<void> {
	await page.getByRole('button', { name: new RegExp(`^${property}:`) }).click();
	await page.getByRole('option', { name: value, exact: false }).first().click();
}

async function open(context: BrowserContext, report: (trouble: string) => void) {
	const page = await context.newPage();
	const expected: RegExp[] = [/Service Worker registration blocked by Playwright/];
	const note = (trouble: string) => {
		if (!expected.some((pattern) => pattern.test(trouble))) report(trouble);
	};
	// What the policy of the app refuses was tried, and nothing of ours tries that.
	await page.addInitScript(() =>
		addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
			console.error(`policy: ${violatedDirective} refused ${blockedURI} (${sourceFile})`)
		)
	);
	page.on('console', (message) => {
		if (['error', 'warning'].includes(message.type())) note(`${message.text()} (${message.location().url})`);
	});
	page.on('pageerror', (error) => note(`uncaught: ${error.message}`));
	page.on('dialog', (dialog) => {
		note(`dialog: ${dialog.message()}`);
		void dialog.dismiss();
	});
	const visitor: Visitor = { page, expectErrors: (pattern) => void expected.push(pattern) };
	return { visitor, close: () => context.close() };
}
