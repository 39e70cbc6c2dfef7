// @vitest-environment node
import { describe, expect, it } from 'vitest';
import type { EventType, HistoryEntry } from '#lib/api/types.ts';
import { buildTimeline, type Part } from './timeline.ts';

const ada = { id: 1, full_name: 'Ada' };
const mira = { id: 2, full_name: 'Mira' };

let event = 0;
function entry(field: string, old: unknown, now: unknown, more: Partial<HistoryEntry> = {}): HistoryEntry {
	event += 1;
	const type: EventType = 'issue.updated';
	return {
		id: `${event}.0`,
		event_id: event,
		type,
		actor: ada,
		created_at: `2026-01-01T00:00:${String(event % 60).padStart(2, '0')}Z`,
		field,
		old,
		new: now,
		comment_id: null,
		attachment: null,
		people: [],
		...more
	};
}

const assigned = (old: number | null, now: number | null) =>
	entry('assignee_id', old, now, { people: [ada, mira] });

function words(parts: Part[]): string {
	return parts
		.map((part) => {
			switch (part.kind) {
				case 'text':
					return part.text;
				case 'quote':
					return `“${part.text}”`;
				case 'status':
					return `<${part.status}>`;
				case 'severity':
					return `<${part.severity}>`;
				case 'tag':
					return `[${part.name}]`;
				case 'person':
					return part.person.full_name;
				case 'issue':
					return `#${part.id}`;
			}
		})
		.join('');
}

function told(...history: HistoryEntry[]): string[] {
	return buildTimeline([], history).flatMap((item) =>
		item.kind === 'change' ? [item.sentences.map(words).join(', ')] : []
	);
}

describe('a change in plain words', () => {
	it.each([
		[entry('status', 'open', 'triaged'), 'changed the status from <open> to <triaged>'],
		[entry('status', 'open', 'done'), 'closed this as <done>'],
		[entry('status', 'done', 'cancelled'), 'changed the status from <done> to <cancelled>'],
		[entry('status', 'cancelled', 'in_progress'), 'reopened this as <in_progress>'],
		[entry('severity', 'low', 'critical'), 'changed the severity from <low> to <critical>'],
		[entry('title', 'a', 'b'), 'changed the title from “a” to “b”'],
		[entry('description', 'x', 'y'), 'edited the description'],
		[entry('tags', ['a'], ['a', 'b', 'c']), 'added [b][c]'],
		[entry('tags', ['a', 'b'], ['b']), 'removed [a]'],
		[entry('tags', ['a'], ['b']), 'added [b] and removed [a]'],
		[entry('tags', ['iOS'], ['ios']), 'changed how the tags are written'],
		[assigned(null, 2), 'assigned Mira'],
		[assigned(null, 1), 'took this on'],
		[assigned(1, 2), 'passed this from Ada to Mira'],
		[assigned(2, null), 'took Mira off this'],
		[assigned(1, null), 'gave this back'],
		[entry('duplicate_of', null, 7), 'marked this as a duplicate of #7'],
		[entry('duplicate_of', 7, null), 'no longer sees this as a duplicate of #7'],
		[entry('external_id', null, 'X-1'), 'changed external id'],
		[entry('deleted_at', null, null, { type: 'issue.deleted' }), 'moved this issue to the trash'],
		[entry('deleted_at', null, null, { type: 'issue.restored' }), 'took this issue out of the trash'],
		[entry('comment_id', 12, null, { type: 'comment.deleted' }), 'deleted a comment']
	])('%#', (history, sentence) => {
		expect(told(history)).toEqual([sentence]);
	});

	it('does not fail on values it does not know', () => {
		expect(
			told(entry('status', 1, { odd: true }), entry('tags', null, 'x'), entry('assignee_id', 'x', []))
		).toHaveLength(3);
	});
});

describe('buildTimeline', () => {
	it('tells one event in one line', () => {
		const first = entry('status', 'open', 'triaged');
		const second = { ...entry('severity', 'low', 'high'), event_id: first.event_id };
		expect(told(first, second)).toEqual([
			'changed the status from <open> to <triaged>, changed the severity from <low> to <high>'
		]);
	});

	it('says once that an issue was opened, whatever it was opened with', () => {
		const first = entry('title', null, 'x', { type: 'issue.created' });
		const second = { ...entry('status', null, 'open', { type: 'issue.created' }), event_id: first.event_id };
		expect(told(first, second)).toEqual(['opened this issue']);
	});

	it('puts comments among the changes by time, and their own events nowhere', () => {
		const opened = entry('title', null, 'x', { type: 'issue.created', created_at: '2026-01-01T10:00:00Z' });
		const closed = entry('status', 'open', 'done', { created_at: '2026-01-01T12:00:00Z' });
		const written = entry('body', null, 'x', { type: 'comment.created', created_at: '2026-01-01T11:00:00Z' });
		const comment = { id: 5, created_at: '2026-01-01T11:00:00.5+00:00' };
		expect(buildTimeline([comment], [opened, closed, written]).map(({ key }) => key)).toEqual([
			`e${opened.event_id}`,
			'c5',
			`e${closed.event_id}`
		]);
	});
});
