/** The API's own rule for ids, up to what a JavaScript number can hold; anything else is no issue. */
export function match(param: string): boolean {
	return /^[1-9][0-9]{0,14}$/u.test(param);
}
