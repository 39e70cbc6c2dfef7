import { describe, expect, it } from 'vitest';
import { createApi } from './requests.ts';

/** The API, whose server answers `answer`, and the requests that it got. */
function anApi(answer: () => Response = () => Response.json({})) {
	const requests: Request[] = [];
	const api = createApi('http://tracker/api', (request) => {
		requests.push(request);
		return Promise.resolve(answer());
	});
	return { api, requests };
}

describe('createApi', () => {
	it('fills in the path, repeats lists and leaves out what is not given', async () => {
		const { api, requests } = anApi();
		await api.GET('/issues/{issue_id}/history', {
			params: { path: { issue_id: 7 }, query: { limit: 5, cursor: undefined } }
		});
		await api.GET('/issues', { params: { query: { q: ['a & b', 'c'] } } });
		await api.GET('/users/me');
		expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
			'GET http://tracker/api/issues/7/history?limit=5',
			'GET http://tracker/api/issues?q=a+%26+b&q=c',
			'GET http://tracker/api/users/me'
		]);
	});

	it('sends a body as JSON, with the headers of the call', async () => {
		const { api, requests } = anApi();
		await api.PATCH('/issues/{issue_id}', {
			params: { path: { issue_id: 7 }, header: { 'If-Match': '"3"' } },
			headers: { 'Idempotency-Key': 'k' },
			body: { title: 'New' }
		});
		const [request] = requests;
		expect(Object.fromEntries(request?.headers ?? [])).toEqual({
			'content-type': 'application/json',
			'idempotency-key': 'k',
			'if-match': '"3"'
		});
		expect(await request?.json()).toEqual({ title: 'New' });
	});

	it('says nothing of a body where there is none', async () => {
		const { api, requests } = anApi(() => new Response(null, { status: 204 }));
		const { data, response } = await api.DELETE('/issues/{issue_id}', { params: { path: { issue_id: 7 } } });
		expect(requests[0]?.headers.has('Content-Type')).toBe(false);
		expect(data).toBeUndefined();
		expect(response.status).toBe(204);
	});

	it('lets the caller take its request back', async () => {
		const { api, requests } = anApi();
		const taken = new AbortController();
		await api.GET('/users/me', { signal: taken.signal });
		taken.abort();
		expect(requests[0]?.signal.aborted).toBe(true);
	});

	it('takes a body that breaks off, or is a page of somebody else, for no answer', async () => {
		const broken = new ReadableStream({ start: (stream) => stream.error(new TypeError('network error')) });
		for (const body of [broken, '<h1>Sign in to the hotel</h1>']) {
			const { api } = anApi(() => new Response(body));
			await expect(api.GET('/users/me')).rejects.toMatchObject({ status: 0, isTemporary: true });
		}
	});
});
