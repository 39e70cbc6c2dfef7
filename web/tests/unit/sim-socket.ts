import type { Random } from './random.ts';
import type { SimServer } from './sim-server.ts';

/** One end of a socket to a `SimServer`, which delays frames but keeps their order, and breaks at times. */
export class SimSocket {
	static readonly OPEN = 1;
	readonly OPEN = SimSocket.OPEN;
	readyState = 0;
	onopen: (() => void) | null = null;
	onmessage: ((message: { data: string }) => void) | null = null;
	onclose: ((event: { code: number }) => void) | null = null;

	readonly #server: SimServer;
	readonly #random: Random;
	readonly #forget: () => void;
	/** Up to where the other end has sent; null before it knows who is there. */
	#cursor: string | null = null;
	/** When the last frame under way arrives. */
	#arrival = 0;

	constructor(server: SimServer, random: Random) {
		this.#server = server;
		this.#random = random;
		this.#forget = server.listen(() => this.#push());
		this.#later(() => {
			if (server.line.lossThere === 1) this.#end();
			else {
				this.readyState = SimSocket.OPEN;
				this.onopen?.();
			}
		});
	}

	send(text: string): void {
		const { cursor } = JSON.parse(text) as { cursor: string | null };
		this.#later(() => {
			this.#cursor ??= cursor;
			this.#push();
			if (this.#cursor !== null) this.#frame({ type: 'ready', cursor: this.#cursor });
		});
	}

	close(): void {
		this.readyState = 3;
		this.#forget();
	}

	#push(): void {
		while (this.#cursor !== null) {
			const page = this.#server.eventsAfter(this.#cursor);
			this.#cursor = page.cursor;
			if (page.reset) this.#frame({ type: 'reset', cursor: page.cursor });
			else if (page.events.length > 0)
				this.#frame({ type: 'events', cursor: page.cursor, events: page.events });
			if (!page.has_more) return;
		}
	}

	#frame(frame: object): void {
		const data = JSON.stringify(frame);
		this.#later(() => {
			if (this.#random.chance(this.#server.line.lossBack / 3)) this.#end();
			else this.onmessage?.({ data });
		});
	}

	#end(): void {
		if (this.readyState === 3) return;
		this.close();
		this.onclose?.({ code: 1006 });
	}

	/** Frames don't overtake each other. */
	#later(task: () => void): void {
		this.#arrival = Math.max(this.#arrival, Date.now() + this.#random.below(this.#server.line.delay));
		setTimeout(() => this.readyState !== 3 && task(), this.#arrival - Date.now());
	}
}
