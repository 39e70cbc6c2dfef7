const REMEMBERED = 5_000;

/** The last few thousand ids: enough for any that somebody still asks about. */
export class RecentIds {
	readonly #ids = new Set<number>();

	has(id: number): boolean {
		return this.#ids.has(id);
	}

	add(ids: readonly number[]): void {
		for (const id of ids) this.#ids.add(id);
		// A Set keeps the order of insertion: the first are the oldest.
		for (const id of this.#ids) {
			if (this.#ids.size <= REMEMBERED) return;
			this.#ids.delete(id);
		}
	}

	clear(): void {
		this.#ids.clear();
	}
}
