import { marked } from './markdown-renderer.ts';

/** What may be the box of a task: a list's mark, and a box behind it. */
const BOX = /(?<=^[\t >]*(?:(?:[-*+]|\d{1,9}[.)])[\t ]+)+\[)[ xX](?=\][\t ])/gm;

/**
 * The text with its task of this number (from 0, as rendered) ticked or unticked; null when there is none.
 *
 * What looks like a task may be code. So each candidate is tried, and only the one that changes exactly the task
 * that was meant is taken.
 */
export function toggleTask(text: string, number: number): string | null {
	const before = tasksIn(text);
	if (number < 0 || number >= before.length) return null;
	const wanted = before.with(number, !before[number]).join();
	// Each task is a candidate, so the one that is meant can't be among the first `number`.
	for (const { index } of [...text.matchAll(BOX)].slice(number)) {
		const toggled = text.slice(0, index) + (text[index] === ' ' ? 'x' : ' ') + text.slice(index + 1);
		if (tasksIn(toggled).join() === wanted) return toggled;
	}
	return null;
}

/** Whether each is done, in the order of the rendered boxes. */
export function tasksIn(text: string): boolean[] {
	const tasks: boolean[] = [];
	void marked.walkTokens(marked.lexer(text), (token) => {
		if (token.type === 'checkbox') tasks.push(token.checked as boolean);
	});
	return tasks;
}
