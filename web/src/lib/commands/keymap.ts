/**
 * Shortcuts are written as people say them: `c`, `Mod+k`, `Shift+Delete`, and `g i` for one after the other.
 * `Mod` is ⌘ on Apple machines and Ctrl elsewhere.
 */

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);
const MODIFIERS = ['Mod', 'Alt', 'Shift'] as const;

const CAPS: Record<string, string> = {
	Mod: isApple ? '⌘' : 'Ctrl',
	Alt: isApple ? '⌥' : 'Alt',
	Shift: isApple ? '⇧' : 'Shift',
	Enter: '↵',
	Escape: 'Esc',
	Delete: 'Del',
	ArrowUp: '↑',
	ArrowDown: '↓',
	ArrowLeft: '←',
	ArrowRight: '→'
};

/** The chords of a shortcut, each in the one spelling that `chordOf` gives a key press. */
export function chordsOf(shortcut: string): string[] {
	return shortcut.split(' ').map((chord) => {
		const parts = keysOf(chord);
		const key = parts.at(-1) ?? '';
		return spell((modifier) => parts.slice(0, -1).includes(modifier), key);
	});
}

/** The chord that is pressed, or null for a modifier alone. */
export function chordOf(event: KeyboardEvent): string | null {
	if (['Shift', 'Control', 'Alt', 'Meta', 'AltGraph'].includes(event.key)) return null;
	const pressed = {
		Mod: isApple ? event.metaKey : event.ctrlKey,
		// AltGr writes characters on many keyboards.
		Alt: event.altKey && !event.getModifierState('AltGraph'),
		Shift: event.shiftKey
	};
	return spell((modifier) => pressed[modifier], event.key);
}

/** Whether the key press alone would type something or move the focus in a field. */
export function needsNoModifier(chord: string): boolean {
	return !chord.includes('Mod+') && !chord.includes('Alt+');
}

/** The caps of the keys, in order. */
export function formatShortcut(shortcut: string): string[] {
	return shortcut
		.split(' ')
		.flatMap(keysOf)
		.map((key) => CAPS[key] ?? (key.length === 1 ? key.toUpperCase() : key));
}

/** A `+` that follows another is the key itself. */
function keysOf(chord: string): string[] {
	return chord.split(/(?<=[^+])\+/);
}

function spell(has: (modifier: (typeof MODIFIERS)[number]) => boolean, key: string): string {
	// Where a sign is on the keyboard, and whether it takes Shift, depends on the country.
	const isSign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
	const modifiers = MODIFIERS.filter((modifier) => has(modifier) && !(modifier === 'Shift' && isSign));
	return [...modifiers, key.length === 1 ? key.toLowerCase() : key].join('+');
}
