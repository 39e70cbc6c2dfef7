/** A steady hue (0–359) for a name, so that a person or tag looks the same everywhere. */
export function hueOf(text: string): number {
	let hash = 2166136261;
	for (const char of text.toLowerCase()) {
		hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619);
	}
	// FNV leaves short, similar inputs (ids 1, 2, 3) close together; the golden angle spreads them.
	return Math.round(((hash >>> 0) % 1000) * 137.508) % 360;
}

/** `Ada Lovelace` → `AL`, `admin` → `A`. */
export function initialsOf(name: string): string {
	const words = name.trim().split(/\s+/u).filter(Boolean);
	const first = words[0];
	if (first === undefined) return '?';
	const last = words.length > 1 ? words[words.length - 1] : undefined;
	return [first, last]
		.map((word) => (word === undefined ? '' : String.fromCodePoint(word.codePointAt(0) ?? 0)))
		.join('')
		.toUpperCase();
}
