/** Where the list stood, in the memory of this tab: a reload comes back to it. */
const KEY = 'list-trail';

interface Place {
	/** The list's address. */
	href: string;
	/** The issue that was last opened or stepped to. */
	active: number | null;
	/** How far it was scrolled: a list downwards; a board to the right, and then each of its columns down. */
	scrolled: readonly number[];
}

/** The list that was looked at last: what "next" and "previous" on an issue's page mean. */
class Trail {
	ids = $state.raw<readonly number[]>([]);
	/** How many there are in all, as the list says it: it may have more than it has fetched. */
	total = $state('');
	/** Its address, for the way back. */
	href = $state('');
	/** The issue that was last opened or stepped to. */
	active = $state<number | null>(null);
	scrolled: readonly number[] = [];
	/** Where an issue was seen in it last. */
	#last = { id: 0, at: 0 };

	constructor() {
		Object.assign(this, recall());
	}

	/** An issue that has left the list goes on from where it stood. */
	neighbours(id: number): { at: number; previous: number | null; next: number | null } {
		const at = this.ids.indexOf(id);
		if (at >= 0) this.#last = { id, at };
		else if (this.#last.id !== id) return { at, previous: null, next: this.ids[0] ?? null };
		const from = this.#last.at;
		const next = at >= 0 ? from + 1 : from;
		return { at, previous: this.ids[from - 1] ?? null, next: this.ids[next] ?? null };
	}

	/** Before the page goes. */
	keep(): void {
		const place: Place = { href: this.href, active: this.active, scrolled: this.scrolled };
		try {
			sessionStorage.setItem(KEY, JSON.stringify(place));
		} catch {
			// Full or forbidden: the list begins at its top again.
		}
	}
}

function recall(): Partial<Place> {
	try {
		return JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Partial<Place>;
	} catch {
		return {};
	}
}

export const trail = new Trail();
