import type { Client } from 'openapi-fetch';
import { Problem } from './errors.ts';
import type { paths } from './schema.d.ts';

/** The API as typed functions, by method. */
export type Api = Pick<Client<paths>, 'GET' | 'POST' | 'PATCH' | 'DELETE'>;

type Value = string | number | boolean | null | undefined;
type Values = Record<string, Value | Value[]>;

/** What a call may say; `Api` has it typed by path. */
interface Call extends Omit<RequestInit, 'headers' | 'body' | 'method'> {
	params?: { path?: Values; query?: Values; header?: Values };
	headers?: Values;
	body?: unknown;
	/** By another way than all the others. */
	fetch?: (request: Request) => Promise<Response>;
	parseAs?: 'json' | 'blob';
}

/**
 * The calls of openapi-fetch with what is used of them, in a fraction of its size. `send` throws every failure, so
 * an answer is always a success.
 */
export function createApi(base: string, send: (request: Request) => Promise<Response>): Api {
	const by =
		(method: string) =>
		async (path: string, { params = {}, headers, body, fetch = send, parseAs, ...init }: Call = {}) => {
			const search = new URLSearchParams(pairsOf(params.query)).toString();
			const request = new Request(`${base}${filled(path, params.path)}${search && `?${search}`}`, {
				...init,
				method,
				headers: pairsOf({
					'Content-Type': body === undefined ? null : 'application/json',
					...headers,
					...params.header
				}),
				body: JSON.stringify(body)
			});
			const response = await fetch(request);
			const content = parseAs === 'blob' ? response.blob() : jsonOf(response);
			return { data: await whole(content, request.signal), response };
		};
	return { GET: by('GET'), POST: by('POST'), PATCH: by('PATCH'), DELETE: by('DELETE') } as Api;
}

function filled(path: string, values: Values = {}): string {
	return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])));
}

/** A list is its name repeated; what is not given is left out. */
function pairsOf(values: Values = {}): [string, string][] {
	return Object.entries(values).flatMap(([name, value]) =>
		[value]
			.flat()
			.filter((value) => value !== undefined && value !== null)
			.map((value): [string, string] => [name, String(value)])
	);
}

/** A body that breaks off, or is none of the API's, is no answer; unless the caller lost interest. */
export async function whole<T>(body: Promise<T>, signal: AbortSignal): Promise<T> {
	try {
		return await body;
	} catch (error) {
		throw signal.aborted ? error : Problem.unreachable(error);
	}
}

/** Some answers have no body. */
async function jsonOf(response: Response): Promise<unknown> {
	const text = await response.text();
	return text === '' ? undefined : JSON.parse(text);
}
