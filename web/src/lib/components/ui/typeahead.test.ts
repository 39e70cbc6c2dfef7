import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { expectTyping, passEnter, takeTyped } from './typeahead.ts';

const heard = vi.fn();
const press = (key: string, more: KeyboardEventInit = {}) =>
	document.body.dispatchEvent(
		new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
	);

beforeEach(() => {
	vi.useFakeTimers();
	heard.mockClear();
	document.body.addEventListener('keydown', heard);
});

afterEach(() => {
	takeTyped();
	document.body.removeEventListener('keydown', heard);
	vi.useRealTimers();
});

it('keeps letters for the field, and from everybody else', () => {
	expectTyping();
	for (const key of ['t', 'a', 'x', 'Backspace', 'g']) press(key);
	expect(heard).not.toHaveBeenCalled();
	expect(takeTyped()).toBe('tag');
});

it('lets go once the field is there', () => {
	expectTyping();
	takeTyped();
	press('t');
	expect(heard).toHaveBeenCalledOnce();
	expect(takeTyped()).toBe('');
});

it('leaves shortcuts and Escape alone', () => {
	expectTyping();
	press('k', { ctrlKey: true });
	press('Escape');
	expect(heard).toHaveBeenCalledTimes(2);
});

it('gives up when nothing opens, and then chooses nothing either', () => {
	const field = document.createElement('input');
	const entered = vi.fn();
	field.addEventListener('keydown', entered);
	expectTyping();
	for (const key of ['t', 'Enter']) press(key);
	vi.advanceTimersByTime(10_000);
	press('t');
	expect(heard).toHaveBeenCalledOnce();
	expect(takeTyped()).toBe('');
	passEnter(field);
	expect(entered).not.toHaveBeenCalled();
});

it('keeps Enter for the field too, once', () => {
	const field = document.createElement('input');
	const entered = vi.fn();
	field.addEventListener('keydown', entered);
	expectTyping();
	for (const key of ['t', 'Enter']) press(key);
	expect(heard).not.toHaveBeenCalled();
	expect(takeTyped()).toBe('t');
	passEnter(field);
	passEnter(field);
	expect(entered).toHaveBeenCalledOnce();
});
