import { Problem } from './errors.ts';
import { createApi } from './requests.ts';
import { AccessTokens } from './tokens.ts';

const TIMEOUT = 20_000;

export const tokens = new AccessTokens();

/** Sends with the access token, and once more with a new one if the server doesn't take the first. */
export function authorised(
	tokens: AccessTokens,
	send: typeof fetch
): (request: Request) => Promise<Response> {
	return async (request) => {
		const token = await tokens.current();
		const again = request.clone();
		const response = await sendAs(token, request);
		if (response.status !== 401) return response;
		return await sendAs(await tokens.renew(token), again);
	};

	function sendAs(token: string, request: Request): Promise<Response> {
		request.headers.set('Authorization', `Bearer ${token}`);
		return send(new Request(request, { signal: AbortSignal.any([request.signal, tokens.signal]) }));
	}
}

/** Makes every failure a `Problem`, and an answer that never comes one too. */
export function strict(send: (request: Request) => Promise<Response>, timeout = TIMEOUT) {
	return async (request: Request): Promise<Response> => {
		const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeout)]);
		let response: Response;
		try {
			response = await send(new Request(request, { signal }));
		} catch (error) {
			// A caller that lost interest knows that; everything else is the network.
			if (error instanceof Problem || request.signal.aborted) throw error;
			throw Problem.unreachable(error);
		}
		if (!response.ok) throw await Problem.of(response);
		return response;
	};
}

const plainFetch = (input: RequestInfo | URL, init?: RequestInit) => fetch(input, init);

/** For what needs no sign-in. */
export const anonymousFetch = strict(plainFetch);
export const apiFetch = strict(authorised(tokens, plainFetch));

export const API = new URL('/api', location.origin).href;

/**
 * The API, typed by its own OpenAPI document. Every failure is thrown as a `Problem`, so use it with `ok`:
 * `const me = await ok(api.GET('/users/me'))`.
 */
export const api = createApi(API, apiFetch);

/** The body of an answer that is known to be one, because failures are thrown. */
export async function ok<T>(answer: Promise<{ data?: T }>): Promise<T> {
	const { data } = await answer;
	return data as T;
}
