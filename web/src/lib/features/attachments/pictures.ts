import { API, authorised, strict, tokens } from '#lib/api/client.ts';
import type { Attachment } from '#lib/api/types.ts';

/** A large file on a slow line may take its time. */
const TIMEOUT = 120_000;

const fileFetch = strict(
	authorised(tokens, (input, init) => fetch(input, init)),
	TIMEOUT
);

/** A file's content, typed by what the server found it to be. Throws a `Problem`. */
export async function contentOf(issueId: number, file: Attachment, signal?: AbortSignal): Promise<Blob> {
	const address = `${API}/issues/${issueId}/attachments/${file.id}/content`;
	const response = await fileFetch(new Request(address, signal ? { signal } : {}));
	return new Blob([await response.arrayBuffer()], { type: file.content_type });
}

/** Hands a file to the browser to be saved. Throws a `Problem`. */
export async function download(issueId: number, file: Attachment): Promise<void> {
	const url = URL.createObjectURL(await contentOf(issueId, file));
	const link = document.createElement('a');
	link.href = url;
	link.download = file.name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
