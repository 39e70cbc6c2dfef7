import { API, authorised, strict, tokens } from '#lib/api/client.ts';
import { explain } from '#lib/api/errors.ts';
import { whole } from '#lib/api/requests.ts';
import type { Attachment } from '#lib/api/types.ts';
import { notify } from '#lib/state/notices.svelte.ts';

/** A large file on a slow line may take its time. */
const TIMEOUT = 120_000;

const fileFetch = strict(
	authorised(tokens, (input, init) => fetch(input, init)),
	TIMEOUT
);

/** A file's content, typed by what the server found it to be. Throws a `Problem`. */
async function contentOf(issueId: number, file: Attachment, signal?: AbortSignal): Promise<Blob> {
	const address = `${API}/issues/${issueId}/attachments/${file.id}/content`;
	const request = new Request(address, signal ? { signal } : {});
	const response = await fileFetch(request);
	return new Blob([await whole(response.arrayBuffer(), request.signal)], { type: file.content_type });
}

/** Pictures that were looked at lately: a text that is edited shows its own anew after each change. */
const recent = new Map<number, Blob>();
const MOST_BYTES = 30_000_000;

/** An image, from memory if it was looked at lately. Throws a `Problem`. */
export async function pictureOf(issueId: number, file: Attachment, signal?: AbortSignal): Promise<Blob> {
	const known = recent.get(file.id) ?? (await contentOf(issueId, file, signal));
	// The order of a Map is that of insertion: the one used last goes to the end.
	recent.delete(file.id);
	recent.set(file.id, known);
	let bytes = [...recent.values()].reduce((sum, { size }) => sum + size, 0);
	for (const [id, { size }] of recent) {
		if (bytes <= MOST_BYTES) break;
		recent.delete(id);
		bytes -= size;
	}
	return known;
}

/** Hands a file to the browser to be saved, or tells why it can't be. */
export async function saveFile(issueId: number, file: Attachment): Promise<void> {
	try {
		const url = URL.createObjectURL(await contentOf(issueId, file));
		const link = document.createElement('a');
		link.href = url;
		link.download = file.name;
		link.click();
		setTimeout(() => URL.revokeObjectURL(url), 60_000);
	} catch (error) {
		const { title, hint } = explain(error);
		notify.failure(`${file.name} could not be downloaded: ${title.toLowerCase()}`, hint);
	}
}
