import type { Status } from '#lib/api/types.ts';

/** So long a finger rests on a card before it picks it up: until then it scrolls. */
const LONG_PRESS = 350;
/** A finger that moves further than this meanwhile is scrolling. */
const SLOP = 8;
/** So near to the edge, the board goes along. */
const EDGE = 56;
const SPEED = 14;

interface Hands {
	canLift(id: number): boolean;
	/** The card is held over a column; null when it is held no more. */
	held(id: number, over: Status | null): void;
	drop(id: number, status: Status): void;
}

/** Moves cards by finger: pressed long, a card comes along; a swipe scrolls as ever. */
export function dragByTouch(board: HTMLElement, hands: Hands): () => void {
	const listening = new AbortController();
	let drag: Drag | null = null;

	function begin(event: TouchEvent): void {
		const touch = event.touches[0];
		const card = (event.target as Element).closest<HTMLElement>('[data-issue]');
		drag?.end();
		if (!touch || !card || event.touches.length > 1 || !hands.canLift(Number(card.dataset.issue))) return;
		drag = new Drag(board, card, touch, hands);
		// A card that leaves the page under the finger still hears of the finger, and the board doesn't.
		for (const end of ['touchend', 'touchcancel'] as const) {
			card.addEventListener(end, () => drag?.end(end === 'touchend'), { once: true });
		}
	}
	function move(event: TouchEvent): void {
		const touch = event.touches[0];
		if (touch && drag?.move(touch)) event.preventDefault();
	}

	const { signal } = listening;
	board.addEventListener('touchstart', begin, { passive: true, signal });
	board.addEventListener('touchmove', move, { passive: false, signal });
	// Pressing long also asks for the menu of the link, or would have the browser drag it by itself.
	for (const own of ['contextmenu', 'dragstart'] as const) {
		board.addEventListener(own, (event) => drag && event.preventDefault(), { capture: true, signal });
	}
	return () => {
		drag?.end();
		listening.abort();
	};
}

class Drag {
	readonly #board: HTMLElement;
	readonly #card: HTMLElement;
	readonly #hands: Hands;
	readonly #id: number;
	readonly #from: { x: number; y: number };
	readonly #timer: ReturnType<typeof setTimeout>;
	#at: { x: number; y: number };
	#ghost: HTMLElement | null = null;
	#over: Status | null = null;
	#frame = 0;
	#isOver = false;

	constructor(board: HTMLElement, card: HTMLElement, { clientX: x, clientY: y }: Touch, hands: Hands) {
		this.#board = board;
		this.#card = card;
		this.#hands = hands;
		this.#id = Number(card.dataset.issue);
		this.#from = this.#at = { x, y };
		this.#timer = setTimeout(() => this.#lift(), LONG_PRESS);
	}

	/** Whether the card came along. */
	move({ clientX: x, clientY: y }: Touch): boolean {
		this.#at = { x, y };
		if (!this.#ghost && Math.hypot(x - this.#from.x, y - this.#from.y) > SLOP) this.end();
		return this.#ghost !== null;
	}

	end(isDrop = false): void {
		if (this.#isOver) return;
		this.#isOver = true;
		clearTimeout(this.#timer);
		cancelAnimationFrame(this.#frame);
		if (!this.#ghost) return;
		this.#ghost.remove();
		this.#ghost = null;
		this.#hands.held(this.#id, null);
		if (isDrop && this.#over) this.#hands.drop(this.#id, this.#over);
	}

	#lift(): void {
		const box = this.#card.getBoundingClientRect();
		const ghost = this.#card.cloneNode(true) as HTMLElement;
		ghost.removeAttribute('data-issue');
		ghost.inert = true;
		Object.assign(ghost.style, {
			position: 'fixed',
			inset: `${box.top}px auto auto ${box.left}px`,
			width: `${box.width}px`,
			height: `${box.height}px`,
			zIndex: '50',
			pointerEvents: 'none',
			rotate: '2deg',
			opacity: '0.95'
		});
		document.body.append(ghost);
		this.#ghost = ghost;
		if ('vibrate' in navigator) navigator.vibrate(10);
		this.#follow();
	}

	/** Once a frame, also while the finger rests at an edge and the board goes on. */
	#follow(): void {
		const { x, y } = this.#at;
		if (this.#ghost) this.#ghost.style.translate = `${x - this.#from.x}px ${y - this.#from.y}px`;
		const { left, right } = this.#board.getBoundingClientRect();
		if (x < left + EDGE) this.#board.scrollLeft -= SPEED;
		else if (x > right - EDGE) this.#board.scrollLeft += SPEED;
		const lane = document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-status]');
		const over = (lane?.dataset.status as Status | undefined) ?? null;
		if (over !== this.#over) {
			this.#over = over;
			if (over) this.#hands.held(this.#id, over);
		}
		this.#frame = requestAnimationFrame(() => this.#follow());
	}
}
