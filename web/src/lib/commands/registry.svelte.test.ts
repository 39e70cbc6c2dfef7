import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { preferences } from '#lib/state/preferences.svelte.ts';
import { formatShortcut } from './keymap.ts';
import { commands, type Action } from './registry.svelte.ts';

const ran: string[] = [];
let isOpenable = true;
let forget: (() => void)[] = [];

function action(id: string, shortcut: string | string[], more: Partial<Action> = {}): Action {
	return { id, title: id, group: 'Test', shortcut, run: () => void ran.push(id), ...more };
}

function press(key: string, init: KeyboardEventInit = {}, target: Element = document.body): KeyboardEvent {
	const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init });
	target.addEventListener('keydown', (each) => commands.handleKey(each as KeyboardEvent), { once: true });
	target.dispatchEvent(event);
	return event;
}

beforeEach(() => {
	ran.length = 0;
	isOpenable = true;
	forget = [
		commands.register(() => [
			action('create', 'c'),
			action('palette', 'Mod+k'),
			action('go issues', 'g i'),
			action('go board', 'g b'),
			action('help', ['?', 'F1']),
			action('open', 'o', { available: () => isOpenable }),
			action('delete', 'Shift+Delete')
		])
	];
});

afterEach(() => {
	for (const each of forget) each();
	document.body.replaceChildren();
	vi.useRealTimers();
});

describe('commands', () => {
	it('runs what the key says and keeps it from the browser', () => {
		expect(press('c').defaultPrevented).toBe(true);
		press('k', { ctrlKey: true });
		press('?', { shiftKey: true });
		press('F1');
		press('Delete', { shiftKey: true });
		expect(ran).toEqual(['create', 'palette', 'help', 'help', 'delete']);
	});

	it('leaves other keys and other modifiers alone', () => {
		expect(press('z').defaultPrevented).toBe(false);
		press('c', { ctrlKey: true });
		press('c', { altKey: true });
		press('C', { shiftKey: true });
		press('Delete');
		expect(ran).toEqual([]);
	});

	it('takes keys one after the other, within a second', () => {
		vi.useFakeTimers();
		press('g');
		press('i');
		press('g');
		press('b');
		press('g');
		vi.advanceTimersByTime(1_500);
		press('i');
		expect(ran).toEqual(['go issues', 'go board']);
	});

	it('takes a key for itself when it does not go on with the one before', () => {
		press('g');
		press('c');
		expect(ran).toEqual(['create']);
	});

	it('does not take what somebody types, but for chords that type nothing', () => {
		const input = document.body.appendChild(document.createElement('input'));
		press('c', {}, input);
		press('k', { ctrlKey: true }, input);
		expect(ran).toEqual(['palette']);
	});

	it('does not reach under a dialog', () => {
		const dialog = document.body.appendChild(document.createElement('div'));
		dialog.setAttribute('role', 'dialog');
		press('c', {}, dialog.appendChild(document.createElement('button')));
		expect(ran).toEqual([]);
	});

	it('leaves single keys alone for those who turned them off', () => {
		preferences.singleKeyShortcuts = false;
		press('c');
		press('k', { ctrlKey: true });
		preferences.singleKeyShortcuts = true;
		expect(ran).toEqual(['palette']);
	});

	it('offers only what can be done now', () => {
		isOpenable = false;
		press('o');
		expect(ran).toEqual([]);
	});

	it('lets the part of the page that came last go first', () => {
		forget.push(commands.register(() => [action('compose', 'c')]));
		press('c');
		expect(ran).toEqual(['compose']);
		forget.pop()?.();
		press('c');
		expect(ran).toEqual(['compose', 'create']);
	});
});

describe('formatShortcut', () => {
	it('names the caps', () => {
		expect(formatShortcut('Mod+k')).toEqual(['Ctrl', 'K']);
		expect(formatShortcut('g i')).toEqual(['G', 'I']);
		expect(formatShortcut('Shift+Delete')).toEqual(['Shift', 'Del']);
		expect(formatShortcut('Mod++')).toEqual(['Ctrl', '+']);
	});
});
