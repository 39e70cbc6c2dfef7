import { Problem } from '#lib/api/errors.ts';

/** Makes a 409 of a form that can only have one reason, a value that is taken, an error of that field. */
export async function takenAt<T>(field: string, request: Promise<T>): Promise<T> {
	try {
		return await request;
	} catch (error) {
		if (!(error instanceof Problem) || error.status !== 409) throw error;
		const { title, status, message } = error;
		throw new Problem({ title, status, detail: message, errors: [{ field, message }] }, null, {
			cause: error
		});
	}
}
