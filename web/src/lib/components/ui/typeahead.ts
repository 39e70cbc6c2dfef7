/**
 * Catches what is typed between the key that opens a dialog and the moment its field can take letters: the
 * dialog's code may still be on its way, and fast fingers don't wait for it.
 */

/** Longer than code takes to come; letters that are let go sooner would be taken for shortcuts. */
const PATIENCE = 10_000;

let caught: string | null = null;
let entered = false;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Something with a field is about to open. */
export function expectTyping(): void {
	stop();
	caught = '';
	entered = false;
	timer = setTimeout(giveUp, PATIENCE);
	addEventListener('keydown', catchKey, { capture: true });
}

/** What was typed so far; from now on keys go where they belong. */
export function takeTyped(): string {
	const typed = caught ?? '';
	stop();
	return typed;
}

/** Presses Enter in the field that it was meant for, if it came too early. */
export function passEnter(field: HTMLElement): void {
	if (!entered) return;
	entered = false;
	field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
}

/** Enter without what was typed before it would choose what nobody meant. */
function giveUp(): void {
	stop();
	entered = false;
}

function stop(): void {
	clearTimeout(timer);
	caught = null;
	removeEventListener('keydown', catchKey, { capture: true });
}

function catchKey(event: KeyboardEvent): void {
	if (event.key === 'Escape' || event.ctrlKey || event.metaKey || event.altKey) return;
	// What follows Enter is for whatever comes then.
	if (entered) return;
	if (event.key === 'Enter' && !event.repeat) entered = true;
	else if (event.key === 'Backspace') caught = caught?.slice(0, -1) ?? null;
	else if (event.key.length === 1) caught = (caught ?? '') + event.key;
	else return;
	event.preventDefault();
	event.stopPropagation();
}
