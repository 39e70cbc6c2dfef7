const LINE_FEED = 0x0a;
const QUOTE = 0x22;

/** Counts the issues of an export as its bytes come: lines, but for the head of a table and for those within quotes. */
export class Records {
	#lines = 0;
	#isQuoted = false;
	readonly #isTable: boolean;

	constructor(format: 'csv' | 'ndjson') {
		this.#isTable = format === 'csv';
	}

	add(bytes: Uint8Array): void {
		for (const byte of bytes) {
			if (byte === QUOTE && this.#isTable) this.#isQuoted = !this.#isQuoted;
			else if (byte === LINE_FEED && !this.#isQuoted) this.#lines += 1;
		}
	}

	get count(): number {
		return Math.max(0, this.#lines - (this.#isTable ? 1 : 0));
	}
}
