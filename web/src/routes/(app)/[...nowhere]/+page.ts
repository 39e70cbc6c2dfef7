import { error } from '@sveltejs/kit';

/** Whoever is signed in and takes a wrong address keeps the ways to all the others. */
export async function load({ parent }: { parent: () => Promise<unknown> }): Promise<never> {
	await parent();
	error(404, 'There is no such page');
}
