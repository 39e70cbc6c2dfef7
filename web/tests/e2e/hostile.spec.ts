import type { APIRequestContext, Page } from '@playwright/test';
import { expect, signIn, test, unique } from './fixtures.ts';

// Each of these did something to somebody once, or would make a text look like what it is not.
const PLAIN = [
	'<script>alert(1)</script>',
	'"><img src=x onerror=alert(1)>',
	"' onmouseover='alert(1)' x='",
	'<svg/onload=alert(1)>',
	'</textarea><script>alert(1)</script>',
	'</title></style><script>alert(1)</script>',
	'<iframe srcdoc="<script>alert(1)</script>">',
	'<a href="javascript:alert(1)">here</a>',
	'<a href=data:text/html,<script>alert(1)</script>>',
	'javascript:alert(1)//%0aalert(1)',
	'<img src=//evil.example/seen.gif>',
	'<style>*{display:none!important}</style>',
	'<base href=//evil.example/>',
	'<meta http-equiv=refresh content=0;//evil.example>',
	'<form action=//evil.example><button>Sign in',
	'<x onclick=alert(1) style=position:fixed;inset:0>',
	'<details open ontoggle=alert(1)>',
	'%3Cscript%3Ealert(1)%3C/script%3E',
	'{{constructor.constructor("alert(1)")()}}',
	'${alert(1)} {alert(1)} {@html x}',
	'\u202Egnp.exe \u2066text\u2069'
];
/** What Markdown reads as something, and shows without its signs. */
const FORMATTED = [
	'[here](javascript:alert(1))',
	'[here](data:text/html;base64,PHNjcmlwdD4=)',
	'![seen](https://evil.example/seen.gif)',
	'<javascript:alert(1)>',
	'<https://evil.example/auto>',
	'<!-- <b>hidden</b> --><b>bold</b>',
	'`<img src=x onerror=alert(1)>`',
	'&lt;img src=x onerror=alert(1)&gt; &amp;amp;',
	'__proto__ constructor toString'
];
const HOSTILE = [...PLAIN, ...FORMATTED];
const TEXT = HOSTILE.join('\n\n');
const NAME = '<img src=x onerror=alert(1)>\u202E"\'>{name}';
const PIXEL = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
	'base64'
);

/** The API with somebody's token: what strangers can send without this app. */
async function apiOf(request: APIRequestContext, email: string, password: string) {
	const answer = await request.post('/api/users/token', { data: { email, password } });
	const { access_token } = (await answer.json()) as { access_token: string };
	const headers = { Authorization: `Bearer ${access_token}` };
	return async (method: 'POST' | 'PATCH' | 'DELETE', path: string, data?: object) => {
		const response = await request.fetch(`/api${path}`, { method, headers, data });
		expect(response.ok(), `${method} ${path}: ${await response.text()}`).toBe(true);
		return (response.status() === 204 ? {} : await response.json()) as { id: number };
	};
}

/** Nothing that was written became a part of the page. */
async function expectHarmless(page: Page): Promise<void> {
	await page.waitForLoadState('networkidle');
	const found = await page.evaluate(() => {
		const alien =
			'iframe, object, embed, base, meta[http-equiv=refresh], img:not([src^="blob:"]), main style, main script';
		const schemes = /^(https?|mailto|blob):$/;
		return [
			...[...document.querySelectorAll(alien)].map((element) => element.outerHTML),
			...[...document.querySelectorAll('a')]
				.map((link) => new URL(link.getAttribute('href') ?? '', location.href))
				.filter(({ protocol }) => !schemes.test(protocol))
				.map(String),
			...[...document.querySelectorAll('body *')].flatMap((element) =>
				element.getAttributeNames().filter((name) => name.startsWith('on'))
			)
		];
	});
	expect(found, page.url()).toEqual([]);
}

/** Requests to where only the attacks point. */
function strangersAsked(page: Page): string[] {
	const asked: string[] = [];
	page.on(
		'request',
		(request) => new URL(request.url()).hostname === 'evil.example' && asked.push(request.url())
	);
	return asked;
}

test('what strangers send is shown as text wherever it appears', async ({ visit, request }) => {
	test.slow();
	const admin = await apiOf(request, 'admin@example.com', 'admin123');
	const email = `${crypto.randomUUID()}@example.com`;
	const account = { email, full_name: NAME, password: 'a long enough password', role: 'maintainer' };
	const person = await admin('POST', '/users', account);
	const theirs = await apiOf(request, email, account.password);
	const ids: number[] = [];
	for (const title of HOSTILE) {
		const issue = { title, description: TEXT, tags: [title.slice(0, 50)], assignee_id: person.id };
		ids.push((await theirs('POST', '/issues', issue)).id);
	}
	const [first = 0, second = 0] = ids;
	await theirs('POST', `/issues/${first}/comments`, { body: TEXT });
	for (const title of HOSTILE)
		await theirs('PATCH', `/issues/${first}`, { title, tags: [title.slice(0, 50)] });
	await admin('DELETE', `/issues/${second}`);
	const shown = HOSTILE.filter((_, at) => at > 1);

	const { page } = await visit();
	const asked = strangersAsked(page);
	await page.setViewportSize({ width: 1440, height: 4400 });
	await signIn(page, 'admin@example.com', 'admin123');
	for (const path of [`/issues?assignee=${person.id}`, `/board?assignee=${person.id}`]) {
		await page.goto(path);
		for (const title of shown) {
			await expect(page.getByRole('link', { name: title, exact: true }).first()).toBeVisible();
		}
		await expectHarmless(page);
	}
	await page.goto('/');
	await expect(page.getByRole('region', { name: 'By status' })).toBeVisible();
	await expectHarmless(page);
	await page.goto('/admin/people');
	await expect(page.getByText(NAME).first()).toBeVisible();
	await expectHarmless(page);
	await page.goto('/admin/trash');
	await expect(page.getByText(HOSTILE[1] ?? '', { exact: true }).first()).toBeVisible();
	await expectHarmless(page);

	// One after the other, beside the list.
	await page.goto(`/issues?issue=${ids.at(-1)}`);
	for (const title of shown.toReversed()) {
		await expect(page.getByRole('textbox', { name: 'Title' })).toHaveValue(title);
		await page.keyboard.press('j');
	}
	await page.goto(`/issues/${first}`);
	await expect(page).toHaveTitle(new RegExp(`^#${first} `));
	const activity = page.getByRole('region', { name: 'Activity' });
	for (const where of [page.getByRole('region', { name: 'Description' }), activity.getByRole('article')]) {
		for (const text of PLAIN) {
			await expect(where.getByText(text, { exact: true })).toBeVisible();
		}
		await expect(where.getByRole('link', { name: 'seen' })).toHaveAttribute(
			'href',
			'https://evil.example/seen.gif'
		);
		for (const link of await where.getByText('here', { exact: true }).all()) await link.click();
	}
	for (const title of HOSTILE) await expect(activity.getByText(title, { exact: true }).first()).toBeVisible();
	await expect(activity.getByText(NAME).first()).toBeVisible();
	await expectHarmless(page);

	await page.keyboard.press('Control+k');
	for (const title of HOSTILE) {
		await page.getByRole('combobox', { name: 'Search and commands' }).fill(title);
		await expect(page.getByRole('dialog', { name: 'Search and commands' })).toBeVisible();
	}
	await expectHarmless(page);
	expect(page.url()).toMatch(new RegExp(`/issues/${first}$`));
	expect(asked).toEqual([]);
});

test('what is typed into any field stays text', async ({ visit }) => {
	test.slow();
	const { page, expectErrors } = await visit();
	const asked = strangersAsked(page);
	expectErrors(/status of (400|415)/);
	const email = `${crypto.randomUUID()}@example.com`;
	await page.goto(`/register?to=javascript:alert(1)`);
	await page.getByLabel('Full name').fill(NAME);
	await page.getByLabel('Email').fill(`${NAME}@example.com`);
	await page.getByRole('textbox', { name: 'Password' }).fill('a long enough password');
	await page.getByRole('button', { name: 'Create account' }).click();
	await expect(page.getByLabel('Email')).toHaveAttribute('aria-invalid', 'true');
	await page.getByLabel('Email').fill(email);
	await page.getByRole('button', { name: 'Create account' }).click();
	await expect(page).toHaveURL(/\/$/);
	await expect(page.getByRole('button', { name: NAME })).toBeVisible();
	await expectHarmless(page);

	// The whole of it in one line, at the length that a title may have, and as it is in the description.
	const title = unique(HOSTILE.slice(0, 6).join(' ')).slice(-200);
	await page.locator('body').press('c');
	const dialog = page.getByRole('dialog', { name: 'New issue' });
	await dialog.getByRole('textbox', { name: 'Title' }).fill(title);
	await dialog.getByLabel('Description').fill(TEXT);
	await dialog.getByRole('button', { name: 'Preview' }).click();
	await expectHarmless(page);
	await dialog.getByRole('button', { name: 'Write' }).click();
	await dialog.getByRole('button', { name: /^Tags:/ }).click();
	for (const tag of HOSTILE.slice(0, 8)) {
		await page.getByRole('combobox', { name: 'Tags' }).fill(tag.slice(0, 50));
		await page.keyboard.press('Enter');
	}
	await page.keyboard.press('Escape');
	await expect(dialog.getByRole('button', { name: /^Tags:/ })).toContainText(HOSTILE[0] ?? '');
	await dialog.getByRole('textbox', { name: 'Title' }).press('Control+Enter');
	const filed = page.getByText(/^Filed as #\d+$/);
	await expect(filed).toBeVisible();
	const id = (await filed.textContent())?.replace(/\D/g, '') ?? '';

	await page.goto(`/issues/${id}`);
	await expect(page.getByRole('textbox', { name: 'Title' })).toHaveValue(title);
	const files = page.getByRole('region', { name: 'Files' });
	for (const name of [
		'"><img src=x onerror=alert(1)>.png',
		'<svg onload=alert(1)>.png',
		"');alert(1);x='.png"
	]) {
		await page.getByLabel('Files for the text').setInputFiles({ name, mimeType: 'image/png', buffer: PIXEL });
		const written = name.replaceAll('"', "'");
		await expect(files.getByRole('button', { name: `View ${written}` })).toBeVisible();
	}
	const box = page.getByRole('textbox', { name: 'Write a comment' });
	await box.fill(`${await box.inputValue()}\n\n${TEXT}`);
	await page.getByRole('button', { name: 'Comment', exact: true }).click();
	await expect(page.getByRole('article').getByRole('img')).toHaveCount(3);
	await expectHarmless(page);

	await page.goto('/issues');
	const search = page.getByRole('combobox', { name: 'Search issues' });
	for (const text of [...HOSTILE, ...HOSTILE.map((each) => `status:${each} tag:"${each}"`)]) {
		await search.fill(text);
		await search.press('Enter');
		await search.focus();
	}
	await expectHarmless(page);
	await page.goto(`/issues?q=${encodeURIComponent(HOSTILE[1] ?? '')}&status=${encodeURIComponent(NAME)}`);
	await expect(search).toBeVisible();
	await expectHarmless(page);
	await page.goto('/settings');
	await page.getByLabel('Full name').fill(`${NAME} </textarea>`);
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expect(page.getByRole('button', { name: `${NAME} </textarea>` })).toBeVisible();
	await expectHarmless(page);
	expect(asked).toEqual([]);
});
