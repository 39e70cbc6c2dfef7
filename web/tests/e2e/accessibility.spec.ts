import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import type axe from 'axe-core';
import { expect, fileIssue, test } from './fixtures.ts';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function expectAccessible(page: Page, what: string): Promise<void> {
	for (const colorScheme of ['light', 'dark'] as const) {
		await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
		await expect(page.locator('html')).toHaveCSS('color-scheme', colorScheme);
		const violations = await page.evaluate(async (tags) => {
			const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
				runOnly: tags
			});
			return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
		}, RULES);
		expect(violations, `${what}, ${colorScheme}`).toEqual([]);
	}
}

for (const [name, width] of [
	['a wide screen', 1280],
	['a phone', 360]
] as const) {
	test(`axe finds nothing on ${name}`, async ({ signedIn, visit }) => {
		test.slow();
		const guest = await visit();
		await guest.page.addInitScript(source);
		await guest.page.setViewportSize({ width, height: 800 });
		for (const path of ['/login', '/register']) {
			await guest.page.goto(path);
			await expect(guest.page.getByRole('heading', { level: 1 })).toBeVisible();
			await guest.page.getByRole('button', { name: /^(Sign in|Create account)$/ }).click();
			await expectAccessible(guest.page, path);
		}

		const { page, expectErrors } = await signedIn('admin');
		expectErrors(/status of 404/);
		const id = await fileIssue(
			page,
			'Everybody can read this',
			`# Head\n\n- [x] done\n\n\`code\` and a | b\n\n> quote\n\n    ${'a long line of code '.repeat(20)}`
		);
		await page.addInitScript(source);
		await page.setViewportSize({ width, height: 800 });
		for (const path of [
			'/',
			'/issues',
			'/issues?status=open&severity=high&group=status',
			'/issues?q=-tag:ui+created:last-30d+assignee:@me+zzzzzz',
			'/issues?q=is:open+(tag:a',
			`/issues/${id}`,
			'/board',
			`/board?issue=${id}`,
			'/issues/99999999',
			'/admin/people',
			'/admin/import',
			'/admin/jobs',
			'/admin/health',
			'/admin/trash',
			'/settings',
			'/nowhere'
		]) {
			await page.goto(path);
			await expect(page.getByRole('main')).toBeVisible();
			await page.waitForLoadState('networkidle');
			await expectAccessible(page, path);
			const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
			expect(overflow, `${path} fits`).toBeLessThanOrEqual(0);
		}

		await page.goto('/?days=90');
		await page.getByRole('button', { name: 'By status: show as a table' }).click();
		await expect(page.getByRole('region', { name: 'By status, as a table' })).toBeVisible();
		await expectAccessible(page, 'figures as a table');
		await page.goto('/admin/import');
		await page.getByText('Where do I get such a file?').click();
		await expect(page.getByRole('region', { name: 'Commands for Jira' })).toBeVisible();
		await expectAccessible(page, 'where files come from');

		await page.goto('/issues');
		await expect(page.getByRole('grid')).toBeVisible();
		await page.keyboard.press('/');
		await page.keyboard.type('status:');
		await expect(page.getByRole('option')).toHaveCount(5);
		await expectAccessible(page, 'suggestions');
		await page.getByRole('button', { name: 'How to search' }).click();
		await expect(page.getByRole('dialog', { name: 'How to search' })).toBeVisible();
		await expectAccessible(page, 'how to search');

		await page.goto(`/issues/${id}`);
		await expect(page.getByRole('button', { name: /^Status:/ })).toBeVisible();
		for (const [key, role, label] of [
			['c', 'dialog', 'New issue'],
			['Control+k', 'dialog', 'Search and commands'],
			['?', 'dialog', 'Keyboard shortcuts'],
			['s', 'dialog', 'Status'],
			['t', 'dialog', 'Tags']
		] as const) {
			await page.keyboard.press(key);
			await expect(page.getByRole(role, { name: label })).toBeVisible();
			await expectAccessible(page, label);
			await page.keyboard.press('Escape');
			await expect(page.getByRole(role, { name: label })).toHaveCount(0);
		}
	});
}
