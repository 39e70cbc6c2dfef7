import type { Series } from './series.ts';

/** What to fill a mark with, where `Textures` with this id stands in the same drawing. */
export function fillOf(id: string, { key, color, texture }: Series): string {
	return texture && texture !== 'solid' ? `url(#${id}-${key})` : color;
}
