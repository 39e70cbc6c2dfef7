/** A short message about something that has just happened. */
export interface Notice {
	id: number;
	tone: 'neutral' | 'success' | 'failure';
	title: string;
	hint?: string | undefined;
	action?: { label: string; run: () => void } | undefined;
}

const STAY = 5_000;
/** What asks for a decision, or explains a failure, takes longer to read. */
const STAY_LONG = 10_000;
const MOST = 4;
const UNDO = 'Undo';

class Notices {
	shown = $state.raw<readonly Notice[]>([]);
	/** Only spoken: what the screen shows by itself. */
	spoken = $state('');
	#lastId = 0;
	readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
	#lastUndo = $state.raw<(() => void) | null>(null);

	/** Takes back what was done last, or else what the newest message that offers it tells of. */
	get latestUndo(): (() => void) | null {
		const undo = this.#lastUndo;
		const notice = this.shown.findLast(({ action }) =>
			undo ? action?.run === undo : action?.label === UNDO
		);
		if (notice) return () => this.act(notice);
		return (
			undo &&
			(() => {
				this.#lastUndo = null;
				undo();
			})
		);
	}

	/** Does what a message offers. */
	act({ id, action }: Notice): void {
		this.dismiss(id);
		if (action?.run === this.#lastUndo) this.#lastUndo = null;
		action?.run();
	}

	success(title: string, action?: Notice['action']): void {
		this.#show({ tone: 'success', title, action });
	}

	failure(title: string, hint?: string, action?: Notice['action']): void {
		this.#show({ tone: 'failure', title, hint, action });
	}

	undoable(title: string, undo: () => void): void {
		this.undoableQuietly(undo);
		this.#show({ tone: 'neutral', title, action: { label: UNDO, run: undo } });
	}

	/** What is seen where it was done needs no message, but can be taken back by the key for that. */
	undoableQuietly(undo: () => void): void {
		this.#lastUndo = undo;
	}

	announce(text: string): void {
		// The same words twice are no change, and no screen reader reads what doesn't change.
		this.spoken = this.spoken === text ? `${text} ` : text;
	}

	dismiss(id: number): void {
		clearTimeout(this.#timers.get(id));
		this.#timers.delete(id);
		this.shown = this.shown.filter((notice) => notice.id !== id);
	}

	/** Nothing goes away while somebody looks at it. */
	hold(): void {
		for (const timer of this.#timers.values()) clearTimeout(timer);
	}

	release(): void {
		for (const notice of this.shown) this.#expire(notice);
	}

	#show(content: Omit<Notice, 'id'>): void {
		this.#lastId += 1;
		const notice = { ...content, id: this.#lastId };
		for (const { id } of this.shown.slice(0, Math.max(0, this.shown.length + 1 - MOST))) this.dismiss(id);
		this.shown = [...this.shown, notice];
		this.#expire(notice);
	}

	#expire({ id, tone, action }: Notice): void {
		clearTimeout(this.#timers.get(id));
		const stay = action || tone === 'failure' ? STAY_LONG : STAY;
		this.#timers.set(
			id,
			setTimeout(() => this.dismiss(id), stay)
		);
	}
}

export const notify = new Notices();
