import { on } from 'svelte/events';
import type { Attachment } from 'svelte/attachments';

export interface TooltipContent {
	text: string;
	shortcut?: string | undefined;
}

const DELAY = 450;
/** After one tooltip has shown, its neighbours show at once for this long. */
const WARM = 300;
const GAP = 6;
const MARGIN = 8;

let shown: HTMLElement | null = null;
let warmUntil = 0;

/**
 * Names what the pointer or the keyboard focus is on. It lives in the browser's top layer, so it is never
 * clipped and stands above dialogs; Escape closes it, and it stays while the pointer rests on it. It only
 * repeats what the element's accessible name says, so it is hidden from assistive technology.
 */
export function tooltip(content: () => TooltipContent | null): Attachment<HTMLElement> {
	return (target) => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let box: HTMLElement | null = null;

		const hide = (): void => {
			clearTimeout(timer);
			if (!box) return;
			warmUntil = performance.now() + WARM;
			if (shown === box) shown = null;
			box.remove();
			box = null;
		};
		const show = (): void => {
			const wanted = content();
			if (!wanted || box || !target.isConnected) return;
			shown?.remove();
			box = build(wanted);
			shown = box;
			document.body.append(box);
			box.showPopover();
			place(box, target);
			box.addEventListener('pointerleave', leave);
		};
		const plan = (delay: number): void => {
			clearTimeout(timer);
			timer = setTimeout(show, performance.now() < warmUntil ? 0 : delay);
		};
		const leave = (): void => {
			clearTimeout(timer);
			timer = setTimeout(() => {
				if (!box?.matches(':hover') && !target.matches(':hover')) hide();
			}, 80);
		};

		const off = [
			on(target, 'pointerenter', (event) => {
				if (event.pointerType === 'mouse') plan(DELAY);
			}),
			on(target, 'pointerleave', leave),
			on(target, 'pointerdown', hide),
			on(target, 'focus', () => {
				if (target.matches(':focus-visible')) plan(DELAY);
			}),
			on(target, 'blur', hide),
			on(document, 'keydown', (event) => {
				if (event.key === 'Escape' || box) hide();
			})
		];
		return () => {
			hide();
			for (const stop of off) stop();
		};
	};
}

function build({ text, shortcut }: TooltipContent): HTMLElement {
	const box = document.createElement('div');
	box.popover = 'manual';
	box.setAttribute('aria-hidden', 'true');
	box.className =
		'fixed inset-auto m-0 flex items-center gap-2 rounded-sm border-0 bg-ink px-2 py-1 text-xs font-medium text-surface shadow-md';
	box.append(text);
	if (shortcut) {
		const keys = document.createElement('kbd');
		keys.className = 'font-sans text-2xs opacity-70';
		keys.textContent = shortcut;
		box.append(keys);
	}
	return box;
}

function place(box: HTMLElement, target: HTMLElement): void {
	const at = target.getBoundingClientRect();
	const own = box.getBoundingClientRect();
	const fitsBelow = at.bottom + GAP + own.height + MARGIN < innerHeight;
	const left = Math.min(
		Math.max(MARGIN, at.left + at.width / 2 - own.width / 2),
		innerWidth - own.width - MARGIN
	);
	box.style.left = `${Math.round(left)}px`;
	box.style.top = `${Math.round(fitsBelow ? at.bottom + GAP : at.top - GAP - own.height)}px`;
}
