import type { Problem } from '#lib/api/errors.ts';
import type { components } from '#lib/api/schema.d.ts';
import type { Attachment, Comment, Issue, IssueRow, Person, Severity, Status } from '#lib/api/types.ts';

/** The fields of an issue that people set. */
export interface IssueChanges {
	title?: string;
	description?: string;
	status?: Status;
	severity?: Severity;
	tags?: string[];
	assignee?: Person | null;
	duplicate_of?: number | null;
}

export type NewIssue = IssueChanges & { title: string };

/** What a person can do to issues. `id` may be that of an issue still to be opened (below zero). */
export type Mutation =
	| { kind: 'open'; values: NewIssue }
	| {
			kind: 'edit';
			id: number;
			changes: IssueChanges;
			/** The issue as the person saw it on beginning to edit; by default, as it is now. */
			before?: Partial<Issue>;
	  }
	| { kind: 'delete'; id: number }
	| { kind: 'restore'; id: number }
	| {
			kind: 'comment';
			id: number;
			body: string;
			/** The newest comment that was known when it was written: its own comes later. */
			after?: number;
	  }
	| { kind: 'editComment'; id: number; commentId: number; body: string }
	| { kind: 'deleteComment'; id: number; commentId: number }
	/** Whether a file outlives its retention. */
	| { kind: 'keepFile'; id: number; fileId: number; keep: boolean }
	| { kind: 'deleteFile'; id: number; fileId: number };

/** What the server answered to a mutation. */
export interface Answer {
	/** The events that it caused; the mutation stays folded in until they were applied. */
	eventIds: number[];
	/** The issue after it, where the answer tells. */
	issue?: Issue;
	comment?: Comment;
	file?: Attachment;
	/** It is the repeated answer to an earlier sending, and may tell of a state long past. */
	isReplay?: boolean;
}

/** A mutation on its way. */
export interface Entry {
	/** Also the Idempotency-Key: however often it is sent, it happens once. */
	key: string;
	/** Position in the order in which it was made. */
	seq: number;
	userId: number;
	/** The tab that sends it. */
	tab: string;
	/** When it was made, by this machine's clock. */
	at: string;
	/** The issue that it is about; below zero while the server has not named it. */
	issueId: number;
	mutation: Mutation;
	/** For edits: the version whose values `before` holds. */
	version?: number;
	/** Set once the server accepted it. */
	answer?: Answer;
	/** Set once it met somebody else's edit of the same text: the issue as that left it. */
	theirs?: Issue;
}

/** Two edits of the same text, of which the other was first. Both are kept until the person decides. */
export interface Conflict {
	key: string;
	id: number;
	mine: IssueChanges;
	before: Partial<Issue>;
	theirs: Issue;
}

export type Outcome =
	| { state: 'done'; id: number; answer: Answer }
	| { state: 'refused'; problem: Problem }
	| { state: 'conflict'; conflict: Conflict }
	/** Signed out, or replaced by a later decision. */
	| { state: 'withdrawn' };

/** One page of the event feed. */
export type EventPage = components['schemas']['EventBatch'];

export interface Snapshot {
	cursor: string;
	/** Rows in all. */
	total: number;
	/** The rows in portions, as they come in. */
	portions: AsyncIterable<IssueRow[]>;
}

/** A mutation that is under way. */
export interface Mutated {
	key: string;
	/** Of the issue; below zero for one that the server has not named yet. */
	id: number;
	/** Settles when the server has decided; never rejects. */
	done: Promise<Outcome>;
}
