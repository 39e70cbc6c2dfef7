const BROWSERS: [RegExp, string][] = [
	[/\bEdgA?\//u, 'Edge'],
	[/\bOPR\//u, 'Opera'],
	[/\bFirefox\/|\bFxiOS\//u, 'Firefox'],
	[/CriOS\/|Chrom(e|ium)\//u, 'Chrome'],
	[/\bSafari\//u, 'Safari'],
	[/\bcurl\//iu, 'curl'],
	[/\bpython|httpx|aiohttp/iu, 'A Python program']
];
const SYSTEMS: [RegExp, string][] = [
	[/iPhone/u, 'iPhone'],
	[/iPad/u, 'iPad'],
	[/Android/u, 'Android'],
	[/Windows/u, 'Windows'],
	[/Mac OS X|Macintosh/u, 'macOS'],
	[/CrOS/u, 'ChromeOS'],
	[/Linux|X11/u, 'Linux']
];

/** `Firefox on Windows`: what a person can recognise in a User-Agent header. */
export function deviceName(userAgent: string): string {
	const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? 'Unknown browser';
	const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1];
	return system ? `${browser} on ${system}` : browser;
}

export function isPhone(userAgent: string): boolean {
	return /iPhone|Android.*Mobile/u.test(userAgent);
}
