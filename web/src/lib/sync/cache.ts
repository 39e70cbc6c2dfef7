import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { IssueRow } from '#lib/api/types.ts';
import type { Entry } from './types.ts';

/** Raise it when what is stored changes its shape: an old cache is then thrown away, never misread. */
const FORMAT = 1;
/** Rows are stored in blocks: one record a row is slow to read, one for all slow to change. */
const BLOCK = 256;

interface Schema extends DBSchema {
	/** One record a block of ids. */
	rows: { key: number; value: IssueRow[] };
	meta: { key: 'cursor'; value: string };
	outbox: { key: string; value: Entry };
}

/**
 * One person's working set and unsent mutations in this browser.
 *
 * A database for each person: another one who signs in here opens another database, and signing out
 * deletes it. Where storage is not available (private windows, full disks) everything works without.
 */
export class Cache {
	readonly #name: string;
	readonly #database: Promise<IDBPDatabase<Schema> | null>;
	/** Writes one after another: a later one must not overtake. */
	#queue: Promise<unknown> = Promise.resolve();

	constructor(userId: number) {
		this.#name = nameFor(userId);
		this.#database = open(this.#name);
	}

	/** Deletes what others left in this browser, but for what they could not send yet. */
	static async forgetOthers(userId: number): Promise<void> {
		const known = await indexedDB.databases().catch(() => []);
		for (const { name } of known) {
			if (name?.startsWith(PREFIX) && name !== nameFor(userId)) await forget(name, 'rows');
		}
	}

	async load(): Promise<{ cursor: string; rows: IssueRow[] } | null> {
		return await this.#run(async (database) => {
			const transaction = database.transaction(['meta', 'rows']);
			const [cursor, blocks] = await Promise.all([
				transaction.objectStore('meta').get('cursor'),
				transaction.objectStore('rows').getAll()
			]);
			return cursor === undefined ? null : { cursor, rows: blocks.flat() };
		});
	}

	async cursor(): Promise<string | null> {
		return (await this.#run((database) => database.get('meta', 'cursor'))) ?? null;
	}

	/** Brings the blocks of the issues that changed up to date, together with the cursor that they belong to. */
	async save(cursor: string, rows: Iterable<IssueRow>, changed: ReadonlySet<number> | 'all'): Promise<void> {
		const blocks = changed === 'all' ? null : new Set([...changed].map(blockOf));
		const contents = new Map<number, IssueRow[]>([...(blocks ?? [])].map((block) => [block, []]));
		for (const row of rows) {
			const block = blockOf(row.id);
			if (blocks && !blocks.has(block)) continue;
			const content = contents.get(block);
			if (content) content.push(row);
			else contents.set(block, [row]);
		}
		await this.#run(async (database) => {
			const transaction = database.transaction(['meta', 'rows'], 'readwrite');
			const store = transaction.objectStore('rows');
			if (!blocks) void store.clear();
			for (const [block, content] of contents) void store.put(content, block);
			void transaction.objectStore('meta').put(cursor, 'cursor');
			await transaction.done;
			return null;
		});
	}

	/** The unsent mutations of the tabs that `isGone`, which from now on are those of `tab`. */
	async adoptEntries(tab: string, isGone: (tab: string) => boolean): Promise<Entry[]> {
		const adopted = await this.#run(async (database) => {
			const transaction = database.transaction('outbox', 'readwrite');
			const entries = (await transaction.store.getAll()).filter((entry) => isGone(entry.tab));
			const mine = entries.map((entry) => ({ ...entry, tab }));
			for (const entry of mine) void transaction.store.put(entry, entry.key);
			await transaction.done;
			return mine;
		});
		return (adopted ?? []).sort((a, b) => a.seq - b.seq);
	}

	put(entry: Entry): void {
		void this.#run((database) => database.put('outbox', entry, entry.key));
	}

	remove(key: string): void {
		void this.#run((database) => database.delete('outbox', key));
	}

	/** Waits until everything so far is written. */
	async settled(): Promise<void> {
		await this.#queue;
	}

	async close(): Promise<void> {
		await this.settled();
		(await this.#database)?.close();
	}

	/** After closing. */
	async forget(what: 'rows' | 'all'): Promise<void> {
		await forget(this.#name, what);
	}

	/** Null when there is no storage. */
	#run<T>(task: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T | null> {
		const result = this.#queue.then(async () => {
			const database = await this.#database;
			return database && (await task(database));
		});
		// A cache that fails is no cache, and no reason to stop working.
		const safe = result.catch(() => null);
		this.#queue = safe;
		return safe;
	}
}

const PREFIX = 'tracker-user-';

function nameFor(userId: number): string {
	return `${PREFIX}${userId}`;
}

function blockOf(id: number): number {
	return Math.floor(id / BLOCK);
}

function open(name: string): Promise<IDBPDatabase<Schema> | null> {
	return openDB<Schema>(name, FORMAT, {
		upgrade(database) {
			for (const store of database.objectStoreNames) database.deleteObjectStore(store);
			database.createObjectStore('rows');
			database.createObjectStore('meta');
			database.createObjectStore('outbox');
		},
		// Another tab deletes or upgrades the database: don't stand in its way.
		blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close()
	}).catch(() => null);
}

async function forget(name: string, what: 'rows' | 'all'): Promise<void> {
	const database = what === 'rows' ? await open(name) : null;
	if (database && (await database.count('outbox')) > 0) {
		const transaction = database.transaction(['meta', 'rows'], 'readwrite');
		void transaction.objectStore('rows').clear();
		void transaction.objectStore('meta').clear();
		await transaction.done;
		database.close();
		return;
	}
	database?.close();
	await deleteDB(name).catch(() => undefined);
}
