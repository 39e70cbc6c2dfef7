import { MediaQuery } from 'svelte/reactivity';
import { goto } from '$app/navigation';
import { resolve } from '$app/paths';
import { page } from '$app/state';

const PARAMETER = 'issue';
const wide = new MediaQuery('(min-width: 68rem)');

/** The issue that is open beside the list: kept in the address, so that back, reload and links have it too. */
class Panel {
	get id(): number | null {
		const value = page.url.searchParams.get(PARAMETER) ?? '';
		return /^[1-9]\d{0,14}$/u.test(value) ? Number(value) : null;
	}

	/** Whether there is room for two things side by side; an issue is a page of its own where there isn't. */
	get fits(): boolean {
		return wide.current;
	}

	/** The address of another view of the list, with what is open staying open beside it. */
	beside(address: string): string {
		if (this.id === null) return address;
		return `${address}${address.includes('?') ? '&' : '?'}${PARAMETER}=${this.id}`;
	}

	open(id: number): void {
		if (this.fits) this.#goto(String(id), true);
		else void goto(resolve('/(app)/issues/[id=issue]', { id: String(id) }));
	}

	close(): void {
		if (page.state.isBeside) history.back();
		else this.#goto(null, false);
	}

	expand({ replaceState = false } = {}): void {
		if (this.id === null) return;
		void goto(resolve('/(app)/issues/[id=issue]', { id: String(this.id) }), { replaceState });
	}

	#goto(value: string | null, isBeside: boolean): void {
		const wasOpen = this.id !== null;
		const url = new URL(page.url);
		if (value === null) url.searchParams.delete(PARAMETER);
		else url.searchParams.set(PARAMETER, value);
		// eslint-disable-next-line svelte/no-navigation-without-resolve -- the same page
		void goto(url, {
			keepFocus: true,
			noScroll: true,
			// From one issue to the next, the way back stays one step.
			replaceState: wasOpen,
			state: { isBeside: wasOpen ? page.state.isBeside : isBeside }
		});
	}
}

export const panel = new Panel();
