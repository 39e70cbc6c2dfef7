import { API, authorised, strict, tokens } from '#lib/api/client.ts';
import { explain, Problem, type Explanation } from '#lib/api/errors.ts';
import { download } from '#lib/components/charts/download.ts';
import { Records } from './records.ts';

export type Format = 'csv' | 'ndjson';

/** An export may take as long as it likes, while more of it keeps coming. */
const LONGEST = 3_600_000;
const LONGEST_PAUSE = 60_000;

const exportFetch = strict(
	authorised(tokens, (input, init) => fetch(input, init)),
	LONGEST
);

/** Gets all issues of a query as a file, and tells how far it is. */
export class IssueExport {
	/** How many issues have come; null while none are asked for. */
	count = $state.raw<number | null>(null);
	failure = $state.raw<Explanation | null>(null);
	#stop: AbortController | null = null;

	/** Answers how many issues were saved; null if it failed or was cancelled: then nothing is saved. */
	async save(q: string, tz: string, format: Format): Promise<number | null> {
		const stop = (this.#stop = new AbortController());
		this.count = 0;
		this.failure = null;
		try {
			const content = await this.#read(`${API}/issues/export.${format}?${query(q, tz)}`, format, stop);
			download(content, `issues.${format}`);
			return this.count;
		} catch (error) {
			// Whoever cancels knows it.
			if (!stop.signal.aborted || stop.signal.reason instanceof Problem) {
				this.failure = explain(stop.signal.reason ?? error);
			}
			return null;
		} finally {
			if (this.#stop === stop) this.cancel();
		}
	}

	cancel(): void {
		this.#stop?.abort();
		this.#stop = null;
		this.count = null;
	}

	async #read(address: string, format: Format, stop: AbortController): Promise<Blob> {
		const response = await exportFetch(new Request(address, { signal: stop.signal }));
		const records = new Records(format);
		const pieces: Uint8Array<ArrayBuffer>[] = [];
		const reader = response.body?.getReader();
		for (;;) {
			const stalled = setTimeout(() => stop.abort(Problem.unreachable('it stalls')), LONGEST_PAUSE);
			try {
				const piece = await reader?.read();
				if (!piece || piece.done) break;
				pieces.push(piece.value);
				records.add(piece.value);
				this.count = records.count;
			} catch (error) {
				throw stop.signal.aborted ? error : Problem.unreachable(error);
			} finally {
				clearTimeout(stalled);
			}
		}
		return new Blob(pieces, { type: response.headers.get('Content-Type') ?? '' });
	}
}

function query(q: string, tz: string): string {
	const params = new URLSearchParams({ tz });
	if (q) params.set('q', q);
	return params.toString();
}
