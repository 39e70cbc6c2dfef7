import * as v from 'valibot';
import { SEVERITIES, STATUSES, type Person, type Severity, type Status } from '#lib/api/types.ts';
import { drafts } from '#lib/state/drafts.ts';
import { MAX_TAGS, sameTag } from '../options.ts';

const NAME = 'new-issue';

const personSchema = v.object({ id: v.number(), full_name: v.string() });
const schema = v.object({
	title: v.fallback(v.string(), ''),
	description: v.fallback(v.string(), ''),
	status: v.fallback(v.picklist(STATUSES), 'open'),
	severity: v.fallback(v.picklist(SEVERITIES), 'medium'),
	assignee: v.fallback(v.nullable(personSchema), null),
	tags: v.fallback(v.array(v.string()), []),
	files: v.fallback(v.array(v.string()), [])
});

const BLANK = v.parse(schema, {});

/** The issue that is being written; it waits in this browser until it is filed or thrown away. */
export class IssueDraft {
	title = $state('');
	description = $state('');
	status = $state<Status>('open');
	severity = $state<Severity>('medium');
	assignee = $state.raw<Person | null>(null);
	tags = $state.raw<string[]>([]);
	/** The names of those that are to be attached. Only the page that took them has the files themselves. */
	files = $state.raw<string[]>([]);

	constructor() {
		Object.assign(this, recall());
	}

	get isBlank(): boolean {
		return JSON.stringify(this.#values) === JSON.stringify(BLANK);
	}

	get #values() {
		const { title, description, status, severity, assignee, tags, files } = this;
		return { title, description, status, severity, assignee, tags, files };
	}

	toggleTag(name: string): void {
		const others = this.tags.filter((tag) => !sameTag(tag, name));
		if (others.length < this.tags.length) this.tags = others;
		else if (this.tags.length < MAX_TAGS) this.tags = [...this.tags, name];
	}

	keep(): void {
		drafts.set(NAME, this.isBlank ? '' : JSON.stringify(this.#values));
	}

	clear(): void {
		Object.assign(this, BLANK);
		drafts.clear(NAME);
	}
}

function recall() {
	try {
		return v.parse(schema, JSON.parse(drafts.get(NAME) || '{}'));
	} catch {
		return BLANK;
	}
}
