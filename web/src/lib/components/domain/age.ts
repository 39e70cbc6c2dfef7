const STEPS: [unit: string, milliseconds: number][] = [
	['y', 365 * 86_400_000],
	['mo', 30.44 * 86_400_000],
	['w', 7 * 86_400_000],
	['d', 86_400_000],
	['h', 3_600_000],
	['m', 60_000]
];

/** How long ago, as short as a column wants it: `now`, `5m`, `3h`, `2d`, `3w`, `4mo`, `2y`. */
export function ageOf(iso: string, now: Date): string {
	const passed = now.getTime() - Date.parse(iso);
	const step = STEPS.find(([, milliseconds]) => passed >= milliseconds);
	return step ? `${Math.floor(passed / step[1])}${step[0]}` : 'now';
}
