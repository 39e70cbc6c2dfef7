import { goto } from '$app/navigation';
import { resolve } from '$app/paths';
import { page } from '$app/state';
import { QueryError, type Day, type Query } from '#lib/query/ast.ts';
import { parse } from '#lib/query/parser.ts';
import { clock } from '#lib/state/clock.svelte.ts';
import { preferences } from '#lib/state/preferences.svelte.ts';
import { dayIn } from '#lib/utils/zones.ts';
import { panel } from '../panel/panel.svelte.ts';
import { readView, writeView, type ListView } from './view.ts';

/** How long nothing is typed before it is looked for. */
const PAUSE = 250;

/**
 * The view that the address has: what is changed here goes there, and comes back from there. Only what is being
 * typed waits a moment, so that going back undoes a search and not a letter.
 */
export class AddressedView {
	readonly #isBoard: () => boolean;
	#typing = $state<string | null>(null);
	#pause: ReturnType<typeof setTimeout> | undefined;
	/** The address that typing left: more letters don't make another one to go back to. */
	#typed: string | null = null;

	readonly today: Day = $derived(dayIn(preferences.effectiveTimeZone, clock.now));
	// Equal addresses are one view, whatever is open beside it.
	readonly #address = $derived(writeView(readView(page.url.searchParams, this.today)));
	readonly view: ListView = $derived.by(() => {
		const stored = readView(new URLSearchParams(this.#address), this.today);
		return {
			...stored,
			q: this.#typing ?? stored.q,
			// A board is always grouped.
			group: this.#isBoard() ? ('status' as const) : stored.group
		};
	});
	/** Null when the address has a query that makes no sense: those that are typed never get so far. */
	readonly query: Query | null = $derived.by(() => {
		try {
			return parse(this.view.q, this.today);
		} catch (error) {
			if (error instanceof QueryError) return null;
			throw error;
		}
	});
	readonly href: string = $derived(this.#addressOf(this.view));

	constructor(isBoard: () => boolean) {
		this.#isBoard = isBoard;
	}

	show(next: ListView): void {
		this.#write(next, false);
	}

	type(q: string): void {
		this.#typing = q;
		this.stop();
		this.#pause = setTimeout(() => {
			this.#write(this.view, this.#isOwn);
			this.#typed = this.#parametersOf(this.view);
		}, PAUSE);
	}

	/** Of what was typed, only the end of the last word is new. */
	end(q: string): void {
		this.#write({ ...this.view, q }, this.#pause === undefined || this.#isOwn);
	}

	/** What was typed last is not waited for any more. */
	stop(): void {
		clearTimeout(this.#pause);
		this.#pause = undefined;
	}

	/** Whether typing has left this address. */
	get #isOwn(): boolean {
		return this.#typed !== null && this.#typed === this.#address;
	}

	#parametersOf(next: ListView) {
		return writeView(this.#isBoard() ? { ...next, group: null } : next);
	}

	#addressOf(next: ListView): string {
		return resolve(`${this.#isBoard() ? '/board' : '/issues'}${this.#parametersOf(next)}`);
	}

	#write(next: ListView, replaceState: boolean): void {
		this.stop();
		this.#typing = next.q;
		// eslint-disable-next-line svelte/no-navigation-without-resolve -- addressOf resolves
		void goto(panel.beside(this.#addressOf(next)), {
			keepFocus: true,
			noScroll: true,
			replaceState,
			state: replaceState ? page.state : {}
		}).then(() => {
			// Unless more was typed meanwhile.
			if (this.#typing === next.q) this.#typing = null;
		});
	}
}
