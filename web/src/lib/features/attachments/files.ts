import { Problem, explain, type Explanation } from '#lib/api/errors.ts';
import type { Attachment } from '#lib/api/types.ts';

/** What the API takes, by the ends of names. */
export const ACCEPTED = '.png,.jpg,.jpeg,.gif,.webp,.pdf,.zip,.txt,.text,.log,.json,.csv';

/** Whether the API may take a file of this name. It looks into it as well; but what it surely refuses need not wait for that. */
export function isTaken({ name }: Pick<File, 'name'>): boolean {
	const end = /\.[^.]+$/u.exec(cleanName(name))?.[0];
	return end !== undefined && ACCEPTED.split(',').includes(end.toLowerCase());
}

const IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

export const isImage = ({ content_type }: Pick<Attachment, 'content_type'>): boolean =>
	IMAGES.has(content_type);

/** Why its content can't be had, to be read after its name. */
export function hindrance({ scan_status, removed_at }: Attachment): string | null {
	if (removed_at !== null) return 'was removed for its age';
	if (scan_status === 'pending') return 'is being scanned for viruses';
	return scan_status === 'infected' ? 'is infected: nobody can have it' : null;
}

/** Whether its content can be had now. */
export const isReadable = (file: Attachment): boolean => hindrance(file) === null;

/** `48 kB`, as people count. */
export function sizeOf(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB'];
	const step = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
	const value = bytes / 1000 ** step;
	return `${value < 10 && step > 0 ? value.toFixed(1) : Math.round(value)} ${units[step] ?? ''}`;
}

/** The name as the server will write it, so that a text can name a file before it is there. */
export function cleanName(given: string): string {
	const last = given.normalize('NFC').replaceAll('\\', '/').split('/').at(-1) ?? '';
	const visible = last
		.replaceAll('"', "'")
		.replaceAll(/\s+/gu, ' ')
		.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, '');
	return visible.replaceAll(/^[. ]+|[. ]+$/gu, '') || 'file';
}

/** A name that no other file here has: `photo.png`, `photo-2.png`. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
	if (!taken.has(wanted)) return wanted;
	const [, stem = wanted, end = ''] = /^(.*?)(\.[^.]*)?$/u.exec(wanted) ?? [];
	for (let number = 2; ; number += 1) {
		const name = `${stem}-${number}${end}`;
		if (!taken.has(name)) return name;
	}
}

/** The files that are dropped or pasted. */
export function filesOf(data: DataTransfer | null): File[] {
	return [...(data?.files ?? [])].map(named);
}

/** The files that are pasted, unless it is a text that is meant: spreadsheets put a picture beside it. */
export function pastedFiles(data: DataTransfer | null): File[] {
	return data?.getData('text/plain').trim() ? [] : filesOf(data);
}

/** What is pasted from a screen is always called `image.png`. */
function named(file: File): File {
	if (file.name !== 'image.png') return file;
	const moment = new Date().toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');
	return new File([file], `pasted-${moment}.png`, { type: file.type });
}

/** Why a file was not taken, and what to do. */
export function explainUpload(problem: Problem): Explanation {
	const detail = humanSizes(problem.errors.map(({ message }) => message).join(' ') || problem.message);
	switch (problem.status) {
		case 0:
			return { title: 'The line broke', hint: 'It goes on by itself when the server can be reached.' };
		case 408:
			return { title: 'It came too slowly', hint: 'Try again on a better line.' };
		case 409:
			return { title: 'There is no room for it', hint: detail };
		case 413:
			return { title: 'It is too large', hint: `${detail} Make it smaller, or attach it in parts.` };
		case 415:
			return { title: 'This kind of file is not taken', hint: `${detail} A ZIP of it would be.` };
		case 429:
			return { title: 'Too many at once', hint: 'It is tried again in a moment.' };
		case 507:
			return { title: "The server's disk is full", hint: 'Tell your administrator, then try again.' };
	}
	return explain(problem);
}

function humanSizes(text: string): string {
	return text.replaceAll(/\b(\d{4,})(?= bytes| of )(?: bytes)?/gu, (_, bytes: string) =>
		sizeOf(Number(bytes))
	);
}
