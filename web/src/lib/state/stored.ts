export interface Stored<T> {
	read(): T;
	write(value: T): void;
	/** Hears what other tabs write. */
	watch(take: (value: T) => void): void;
}

/** A value in localStorage: checked when read, and not missed where there is no storage. */
export function stored<T extends string | boolean | null>(
	key: string,
	fallback: T,
	isValid: (value: unknown) => boolean
): Stored<T> {
	return {
		read() {
			try {
				const text = localStorage.getItem(key);
				const value: unknown = text === null ? fallback : parse(text);
				return isValid(value) ? (value as T) : fallback;
			} catch {
				return fallback;
			}
		},
		write(value) {
			try {
				localStorage.setItem(key, typeof value === 'string' ? value : JSON.stringify(value));
			} catch {
				// Full or forbidden: it holds until the page is reloaded.
			}
		},
		watch(take) {
			addEventListener('storage', (event) => {
				// No key: all of it was cleared.
				if (event.key === key || event.key === null) take(this.read());
			});
		}
	};
}

/** Texts are stored as they are: `early.js` reads one of them. */
function parse(text: string): unknown {
	return text === 'true' ? true : text === 'false' ? false : text === 'null' ? null : text;
}
