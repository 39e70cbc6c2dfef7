import { type Component, untrack } from 'svelte';
import { preferences } from '#lib/state/preferences.svelte.ts';
import { chordOf, chordsOf, needsNoModifier } from './keymap.ts';

/** Something that a person can do: one entry for palette, shortcut and menu, so that they can't drift apart. */
export interface Action {
	id: string;
	title: string;
	group: string;
	icon?: Component;
	shortcut?: string | string[];
	/** Other words under which people look for it. */
	keywords?: string[];
	/** Whether it makes sense now; always, if left out. */
	available?: () => boolean;
	run: () => void | Promise<void>;
}

type Provider = () => readonly Action[];

/** How long the first key of `g i` waits for the second. */
const SEQUENCE_TIMEOUT = 1_000;

class Commands {
	#providers = $state.raw<readonly Provider[]>([]);
	#prefix: string[] = [];
	#timer: ReturnType<typeof setTimeout> | undefined;

	/**
	 * What can be done now. Of two actions with one id, the one that was registered last.
	 *
	 * Found out each time, because what `available` looks at need not be reactive.
	 */
	get available(): readonly Action[] {
		const actions = this.#providers
			.flatMap((provider) => provider())
			.filter((action) => action.available?.() ?? true);
		return [...new Map(actions.map((action) => [action.id, action])).values()];
	}

	/** Offers actions until the function that it returns is called: `$effect(() => commands.register(…))`. */
	register(provider: Provider): () => void {
		this.#providers = [...untrack(() => this.#providers), provider];
		return () => {
			this.#providers = this.#providers.filter((other) => other !== provider);
		};
	}

	get(id: string): Action | undefined {
		return this.available.find((action) => action.id === id);
	}

	run(id: string): void {
		void this.get(id)?.run();
	}

	readonly handleKey = (event: KeyboardEvent): void => {
		const chord = chordOf(event);
		if (chord === null || event.defaultPrevented || event.isComposing) return;
		if (needsNoModifier(chord) && (!isFree(event.target) || !this.#mayStand(chord))) return;
		const typed = [...this.#prefix, chord];
		clearTimeout(this.#timer);
		this.#prefix = [];
		const match = this.#find(typed) ?? this.#find([chord]);
		if (match) {
			event.preventDefault();
			void match.run();
		} else if (this.#begins(typed)) {
			event.preventDefault();
			this.#prefix = typed;
			this.#timer = setTimeout(() => (this.#prefix = []), SEQUENCE_TIMEOUT);
		}
	};

	/** The innermost part of the page registers last and goes first. */
	#find(typed: readonly string[]): Action | undefined {
		return this.available.findLast(({ shortcut }) =>
			[shortcut ?? []].flat().some((other) => chordsOf(other).join(' ') === typed.join(' '))
		);
	}

	#begins(typed: readonly string[]): boolean {
		return this.available.some(({ shortcut }) =>
			[shortcut ?? []].flat().some((other) =>
				chordsOf(other)
					.join(' ')
					.startsWith(`${typed.join(' ')} `)
			)
		);
	}

	#mayStand(chord: string): boolean {
		return preferences.singleKeyShortcuts || chord === 'Escape';
	}
}

/** Where a key has no meaning of its own: not in fields, and not in what lies over the page. */
function isFree(target: EventTarget | null): boolean {
	if (!(target instanceof HTMLElement)) return true;
	if (target.isContentEditable) return false;
	return !target.closest(
		'input, textarea, select, [role=dialog], [role=menu], [role=listbox], [role=combobox]'
	);
}

export const commands = new Commands();
