export interface PickerOption<T> {
	value: T;
	label: string;
	/** Smaller text at the end of the line, e.g. a count. */
	note?: string;
	/** Also found by these words. */
	keywords?: string;
}

/** Options that match what was typed: by start of the label first, then by start of a word, then anywhere. */
export function matchOptions<T>(options: readonly PickerOption<T>[], typed: string): PickerOption<T>[] {
	const wanted = fold(typed.trim());
	if (!wanted) return [...options];
	const ranked: { option: PickerOption<T>; rank: number }[] = [];
	for (const option of options) {
		const text = fold(`${option.label} ${option.keywords ?? ''}`);
		const at = text.indexOf(wanted);
		if (at < 0) continue;
		ranked.push({ option, rank: at === 0 ? 0 : /[\s/_-]/u.test(text.charAt(at - 1)) ? 1 : 2 });
	}
	return ranked.sort((a, b) => a.rank - b.rank).map(({ option }) => option);
}

/** Without case and accents, so that `zoe` finds `Zoë`. */
export function fold(text: string): string {
	return text
		.normalize('NFD')
		.replace(/\p{Diacritic}/gu, '')
		.toLowerCase();
}
