import type { PlaywrightTestConfig } from '@playwright/test';
import base from '../playwright.config.ts';

const config: PlaywrightTestConfig = {
	...base,
	testDir: '.',
	testMatch: '*.bench.ts',
	outputDir: '../test-results/bench',
	reporter: [['line']],
	timeout: 200_000,
	use: {
		...base.use,
		ignoreHTTPSErrors: true,
		launchOptions: {
			...base.use?.launchOptions,
			// Or it would keep no app of a certificate that it doesn't know.
			args: [...(base.use?.launchOptions?.args ?? []), '--ignore-certificate-errors']
		}
	},
	webServer: {
		name: 'stack',
		cwd: '../../api',
		// One person signs in again and again here.
		env: { RATE_LIMITS: 'off' },
		// The app as people far away are given it: compressed and cached by nginx, over HTTP/2.
		command:
			'mkdir -p ../web/test-results && exec ../.venv/bin/python -m bench.deployed 2> ../web/test-results/bench.log',
		wait: {
			stdout:
				/"web_url": "(?<WEB_URL>[^"]+)", "api_url": "(?<API_URL>[^"]+)", "database_url": "(?<DATABASE_URL>[^"]+)"/
		},
		gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 },
		timeout: 120_000
	}
};

export default config;
