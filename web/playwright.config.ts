import { defineConfig, devices } from '@playwright/test';

export default defineConfig({
	testDir: 'tests/e2e',
	outputDir: 'test-results/e2e',
	// One stack for all, on a machine that also runs it.
	workers: 1,
	forbidOnly: process.env.CI !== undefined,
	reporter: [['list']],
	// A loaded machine is slow, not wrong.
	timeout: 90_000,
	expect: { timeout: 15_000 },
	webServer: {
		// The whole product on free ports and an empty database, gone when the tests are done.
		name: 'stack',
		command:
			'mkdir -p test-results && exec ../.venv/bin/python -m tracker.local stack 2> test-results/stack.log',
		wait: { stdout: /"web_url": "(?<WEB_URL>[^"]+)", "api_url": "(?<API_URL>[^"]+)"/ },
		gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 },
		timeout: 120_000
	},
	use: {
		...devices['Desktop Chrome'],
		// Known once the stack runs; the tests' own processes begin after that.
		baseURL: process.env.WEB_URL,
		// Recording each step takes its time from all of them: `--retries 1` records what has failed.
		trace: 'on-first-retry',
		launchOptions: {
			// Playwright's own browser download is not available everywhere; Debian's package is.
			executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
			args: [
				'--no-sandbox',
				'--disable-gpu',
				'--disable-quic',
				'--no-first-run',
				'--disable-background-networking',
				'--disable-component-update',
				'--disable-sync'
			]
		}
	}
});
