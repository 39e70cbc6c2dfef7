import { stored } from './stored.ts';

export type Density = 'comfortable' | 'compact';

const isBoolean = (value: unknown) => typeof value === 'boolean';
const storedDensity = stored<Density>(
	'density',
	'comfortable',
	(value) => value === 'comfortable' || value === 'compact'
);
const storedTimeZone = stored<string | null>(
	'time-zone',
	null,
	(value) => value === null || isTimeZone(value)
);
const storedShortcuts = stored<boolean>('single-key-shortcuts', true, isBoolean);

/** How one person likes it on this device. */
class Preferences {
	#density = $state(storedDensity.read());
	#timeZone = $state(storedTimeZone.read());
	#singleKeyShortcuts = $state(storedShortcuts.read());

	constructor() {
		storedDensity.watch((density) => (this.#density = density));
		storedTimeZone.watch((timeZone) => (this.#timeZone = timeZone));
		storedShortcuts.watch((on) => (this.#singleKeyShortcuts = on));
	}

	get density(): Density {
		return this.#density;
	}

	set density(density: Density) {
		this.#density = density;
		storedDensity.write(density);
	}

	/** An IANA name; null is the browser's own. */
	get timeZone(): string | null {
		return this.#timeZone;
	}

	set timeZone(timeZone: string | null) {
		this.#timeZone = timeZone;
		storedTimeZone.write(timeZone);
	}

	/** The one that cuts this person's days. */
	get effectiveTimeZone(): string {
		return this.#timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
	}

	/** Off for those whose speech input types letters by accident. */
	get singleKeyShortcuts(): boolean {
		return this.#singleKeyShortcuts;
	}

	set singleKeyShortcuts(on: boolean) {
		this.#singleKeyShortcuts = on;
		storedShortcuts.write(on);
	}
}

function isTimeZone(name: unknown): boolean {
	try {
		// Throws for what it doesn't know.
		new Intl.DateTimeFormat('en', { timeZone: String(name) });
		return true;
	} catch {
		return false;
	}
}

export const preferences = new Preferences();
