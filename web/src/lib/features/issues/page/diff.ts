export interface DiffLine {
	text: string;
	/** In which of the two texts the line is. */
	side: 'both' | 'left' | 'right';
}

/** Beyond this many comparisons a diff is not worth its time; both texts are then shown whole. */
const MAX_WORK = 1_000_000;

/** The lines of two texts, those that both have side by side (longest common subsequence). */
export function diffLines(left: string, right: string): DiffLine[] {
	const a = left.split('\n');
	const b = right.split('\n');
	if (a.length * b.length > MAX_WORK) return [...only(a, 'left'), ...only(b, 'right')];
	const width = b.length + 1;
	const common = new Uint32Array((a.length + 1) * width);
	for (let i = a.length - 1; i >= 0; i -= 1) {
		for (let j = b.length - 1; j >= 0; j -= 1) {
			common[i * width + j] =
				a[i] === b[j]
					? (common[(i + 1) * width + j + 1] ?? 0) + 1
					: Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
		}
	}
	const lines: DiffLine[] = [];
	let i = 0;
	let j = 0;
	while (i < a.length && j < b.length) {
		if (a[i] === b[j]) {
			lines.push({ text: a[i] ?? '', side: 'both' });
			i += 1;
			j += 1;
		} else if ((common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0)) {
			lines.push({ text: a[i] ?? '', side: 'left' });
			i += 1;
		} else {
			lines.push({ text: b[j] ?? '', side: 'right' });
			j += 1;
		}
	}
	return [...lines, ...only(a.slice(i), 'left'), ...only(b.slice(j), 'right')];
}

function only(lines: string[], side: 'left' | 'right'): DiffLine[] {
	return lines.map((text) => ({ text, side }));
}
