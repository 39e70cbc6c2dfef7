import type { components } from './schema.d.ts';

/** The API's objects under the names the app uses. */
type Schemas = components['schemas'];

export type Role = Schemas['Role'];
export type Status = Schemas['Status'];
export type Severity = Schemas['Severity'];
export type Person = Schemas['Person'];
export type User = Schemas['User'];
export type SessionInfo = Schemas['Session'];
export type IssueRow = Schemas['IssueRow'];
export type Issue = Schemas['Issue'];
export type TrashedIssue = Schemas['TrashedIssue'];
export type Comment = Schemas['Comment'];
export type Attachment = Schemas['Attachment'];
export type Job = Schemas['Job'];
export type Check = Schemas['Check'];
export type Import = Schemas['Import'];
export type ImportMapping = Schemas['Mapping'];
export type ImportNote = Schemas['ImportNote'];
export type ImportPreview = Schemas['ImportPreview'];
export type ImportState = Schemas['ImportState'];
export type UndoExtent = Schemas['UndoExtent'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type EventType = Schemas['EventType'];
export type TrackerEvent = Schemas['Event'];

/** In the order in which people read them. */
export const STATUSES = ['open', 'triaged', 'in_progress', 'done', 'cancelled'] as const satisfies Status[];
export const OPEN_STATUSES: readonly Status[] = ['open', 'triaged', 'in_progress'];
export const CLOSED_STATUSES: readonly Status[] = ['done', 'cancelled'];
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const satisfies Severity[];

export function isClosedStatus(status: Status): boolean {
	return CLOSED_STATUSES.includes(status);
}

export function isClosed(issue: Pick<IssueRow, 'status'>): boolean {
	return isClosedStatus(issue.status);
}
