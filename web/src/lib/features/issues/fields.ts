/** The fields of an issue that are chosen from a list. */
export type Field = 'status' | 'severity' | 'assignee' | 'tags';
