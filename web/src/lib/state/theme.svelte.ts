import { stored } from './stored.ts';

export type ThemeChoice = 'system' | 'light' | 'dark';

const CHOICES: readonly ThemeChoice[] = ['system', 'light', 'dark'];
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const storedChoice = stored<ThemeChoice>('theme', 'system', (value) =>
	CHOICES.includes(value as ThemeChoice)
);

/** Light or dark. `early.js` does the same before the first paint. */
class Theme {
	#choice = $state(storedChoice.read());
	#systemIsDark = $state(prefersDark.matches);

	constructor() {
		prefersDark.addEventListener('change', ({ matches }) => {
			this.#systemIsDark = matches;
			this.#show();
		});
		storedChoice.watch((choice) => {
			this.#choice = choice;
			this.#show();
		});
	}

	get choice(): ThemeChoice {
		return this.#choice;
	}

	set choice(choice: ThemeChoice) {
		this.#choice = choice;
		storedChoice.write(choice);
		this.#show();
	}

	get dark(): boolean {
		return this.#choice === 'dark' || (this.#choice === 'system' && this.#systemIsDark);
	}

	#show(): void {
		const root = document.documentElement;
		root.classList.toggle('dark', this.dark);
		root.style.colorScheme = this.dark ? 'dark' : 'light';
	}
}

export const theme = new Theme();
