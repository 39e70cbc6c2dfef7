/** In a text, an issue's files are addressed by their names: `![Login](attachment:login.png)`. */
const SCHEME = 'attachment:';

/** What a link means by its address; null when it is no file of the issue. */
export function fileNameIn(href: string): string | null {
	if (!href.toLowerCase().startsWith(SCHEME)) return null;
	const name = href.slice(SCHEME.length);
	try {
		return decodeURIComponent(name) || null;
	} catch {
		// A percent sign that somebody typed.
		return name;
	}
}

/** The Markdown that shows a file, or where it can't be shown, names it. */
export function linkToFile(name: string, isPicture: boolean): string {
	const address = name.replaceAll(
		/[\s()<>&%\\]/g,
		(sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`
	);
	const label = (isPicture ? name.replace(/\.[^.]+$/, '') : name).replaceAll(/[[\]\\`*_<>]/g, '\\$&');
	return `${isPicture ? '!' : ''}[${label}](${SCHEME}${address})`;
}

/** The one that is meant by a name, or by a number that some other tool wrote. */
export function fileMeant<F extends { id: number; name: string }>(
	files: readonly F[],
	name: string
): F | undefined {
	return files.find((file) => file.name === name) ?? files.find(({ id }) => String(id) === name);
}
