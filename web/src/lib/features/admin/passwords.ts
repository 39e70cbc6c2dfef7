// Without letters and digits that look alike, since somebody will have to read it out.
const SYMBOLS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789';
const LENGTH = 16;

/** A password that nobody has to invent: 16 characters, some 92 bits. */
export function suggestPassword(): string {
	let password = '';
	while (password.length < LENGTH) {
		for (const byte of crypto.getRandomValues(new Uint8Array(LENGTH))) {
			// A remainder would favour the first symbols.
			if (byte < 256 - (256 % SYMBOLS.length)) password += SYMBOLS.charAt(byte % SYMBOLS.length);
		}
	}
	return password.slice(0, LENGTH);
}
