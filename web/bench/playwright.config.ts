import type { PlaywrightTestConfig } from '@playwright/test';
import base from '../playwright.config.ts';

const config: PlaywrightTestConfig = {
	...base,
	testDir: '.',
	testMatch: '*.bench.ts',
	outputDir: '../test-results/bench',
	reporter: [['line']],
	timeout: 200_000,
	webServer: {
		name: 'stack',
		cwd: '..',
		// One person signs in again and again here.
		env: { RATE_LIMITS: 'off' },
		command:
			'mkdir -p test-results && exec ../.venv/bin/python -m tracker.local stack 2> test-results/bench.log',
		wait: {
			stdout:
				/"web_url": "(?<WEB_URL>[^"]+)", "api_url": "(?<API_URL>[^"]+)", "database_url": "(?<DATABASE_URL>[^"]+)"/
		},
		gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 },
		timeout: 120_000
	}
};

export default config;
