import type { components, operations } from '#lib/api/schema.d.ts';
import type { Attachment, Comment, HistoryEntry, Issue, IssueRow } from '#lib/api/types.ts';
import type { Answer, Entry, EventPage, Snapshot } from './types.ts';

/** The server, as the sync engine needs it. */
export interface Backend {
	/** What there is to look at before a snapshot comes; nothing, when nobody asked for it in time. */
	firstRows(): Promise<readonly IssueRow[]>;
	snapshot(signal: AbortSignal): Promise<Snapshot>;
	/** What happened since the cursor. */
	events(after: string, signal: AbortSignal): Promise<EventPage>;
	/** Carries out an entry. Throws a `Problem`. */
	send(entry: Entry, signal: AbortSignal): Promise<Answer>;
	issue(id: number, signal: AbortSignal): Promise<Issue>;
	comments(id: number, signal: AbortSignal): Promise<Comment[]>;
	attachments(id: number, signal: AbortSignal): Promise<Attachment[]>;
	history(id: number, signal: AbortSignal): Promise<HistoryEntry[]>;
	list(query: ListQuery, signal: AbortSignal): Promise<ListPage>;
}

export type ListQuery = NonNullable<operations['listIssues']['parameters']['query']>;

export type ListPage = components['schemas']['IssuePage'];
