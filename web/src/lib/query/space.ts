/** What the API takes for space between terms; JavaScript's own `\s` differs at the edges. */
export const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const ONE = new RegExp(`^[${SPACE}]`);
const AROUND = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, 'g');

export function isSpace(char: string): boolean {
	return ONE.test(char);
}

export function strip(text: string): string {
	return text.replace(AROUND, '');
}
