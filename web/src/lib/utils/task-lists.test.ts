import { describe, expect, it } from 'vitest';
import { render } from './markdown-renderer.ts';
import { tasksIn, toggleTask } from './task-lists.ts';

/** The boxes as a page has them. */
function boxes(text: string): boolean[] {
	const page = document.createElement('div');
	page.innerHTML = render(text) as unknown as string;
	return [...page.querySelectorAll('input')].map(({ checked }) => checked);
}

const texts = [
	'- [ ] one\n- [x] two\n- [ ] three',
	'1. [ ] one\n2) [X] two\n\n* [ ] three\n\n+ [x] four',
	'- [ ] one\n  - [ ] inside\n    1. [x] deeper\n- [ ] two',
	'> - [ ] quoted\n> > * [x] twice',
	'```\n- [ ] code\n```\n\n- [ ] task\n\n    - [ ] code by its indent\n\n- [x] task',
	'Text `- [ ] no` \n\n- [ ] yes\n- [] no\n- [ ]no\n\\- [ ] no\n- \\[ ] no',
	'- [ ] windows\r\n- [x] lines\r\n',
	'<details>\n<summary>- [ ] html</summary>\n\n- [x] task\n\n</details>\n\n<!--\n- [ ] hidden\n-->\n- [ ] last',
	'- - [ ] a list in a list\n- [ ] [ ] a box in a box\n- [x] same\n- [x] same',
	'| - [ ] |\n| - |\n| - [ ] cell |\n\n- [ ] 😀 after ünïcode'
];

describe('toggleTask', () => {
	it.each(texts)('ticks and unticks exactly the one that is meant: %j', (text) => {
		const before = boxes(text);
		expect(before.length).toBeGreaterThan(0);
		expect(tasksIn(text)).toEqual(before);
		before.forEach((done, number) => {
			const toggled = toggleTask(text, number) ?? '';
			expect(boxes(toggled)).toEqual(before.with(number, !done));
			expect(toggled).toHaveLength(text.length);
			expect(toggleTask(toggled, number)?.toLowerCase()).toBe(text.toLowerCase());
		});
	});

	it('has no answer where there is no such task', () => {
		expect(toggleTask('- [ ] one', 1)).toBeNull();
		expect(toggleTask('- [ ] one', -1)).toBeNull();
		expect(toggleTask('', 0)).toBeNull();
	});
});
