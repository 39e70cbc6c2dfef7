/** Lets the browser save something that was made here. */
export function download(content: Blob, name: string): void {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(content);
	link.download = name;
	link.click();
	// Not before the browser has begun to read it.
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
