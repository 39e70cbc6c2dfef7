// @vitest-environment node
import { expect, it } from 'vitest';
import { deviceName, isPhone } from './device.ts';

it.each([
	[
		'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
		'Chrome on Linux'
	],
	[
		'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
		'Edge on Windows'
	],
	['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0', 'Firefox on Windows'],
	[
		'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E148 Safari/604.1',
		'Safari on iPhone'
	],
	['Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605 Version/18.0 Safari/605', 'Safari on macOS'],
	['curl/8.5.0', 'curl'],
	['', 'Unknown browser']
])('%s', (userAgent, name) => {
	expect(deviceName(userAgent)).toBe(name);
});

it('knows phones', () => {
	expect(isPhone('Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36')).toBe(true);
	expect(isPhone('Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0')).toBe(false);
});
