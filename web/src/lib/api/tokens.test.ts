import { afterEach, describe, expect, it, vi } from 'vitest';
import { authorised, strict } from './client.ts';
import { Problem } from './errors.ts';
import { AccessTokens } from './tokens.ts';

const made: AccessTokens[] = [];

/** A tab whose refreshes are answered by `answer`. */
function aTab(answer: () => Response | Promise<Response>) {
	const fetched = vi.fn<typeof fetch>(async () => await answer());
	const tokens = new AccessTokens(fetched);
	made.push(tokens);
	return { tokens, fetched };
}

function grant(userId = 1, lifetime = 600) {
	const payload = btoa(JSON.stringify({ sub: String(userId), jti: Math.random() }));
	return { access_token: `h.${payload}.s`, expires_in: lifetime };
}

function refusal(status: number): Response {
	const body = JSON.stringify({ title: 'No', status, detail: 'no', request_id: 'r1' });
	return new Response(body, { status, headers: { 'Content-Type': 'application/problem+json' } });
}

afterEach(() => {
	for (const tokens of made.splice(0)) tokens.close();
});

describe('AccessTokens', () => {
	it('renews once for all who ask at the same time', async () => {
		const { tokens, fetched } = aTab(() => Response.json(grant()));
		const got = await Promise.all([tokens.current(), tokens.current(), tokens.renew()]);
		expect(new Set(got).size).toBe(1);
		expect(fetched).toHaveBeenCalledTimes(1);
		expect(await tokens.current()).toBe(got[0]);
		expect(fetched).toHaveBeenCalledTimes(1);
	});

	it('takes what the page asked for before the app was there, once', async () => {
		window.early = { userId: 1, grant: Promise.resolve(Response.json(grant(1, 20))) };
		const { tokens, fetched } = aTab(() => Response.json(grant()));
		await tokens.current();
		expect(fetched).not.toHaveBeenCalled();
		await tokens.current();
		expect(fetched).toHaveBeenCalledTimes(1);
	});

	it('renews before the token ends', async () => {
		const { tokens, fetched } = aTab(() => Response.json(grant()));
		tokens.adopt(grant(1, 20));
		await tokens.current();
		expect(fetched).toHaveBeenCalledTimes(1);
	});

	it('takes what another tab got', async () => {
		const first = aTab(() => Response.json(grant()));
		const second = aTab(() => Response.json(grant()));
		second.tokens.adopt(grant(1, 20));
		const granted = vi.fn();
		second.tokens.onGranted = granted;
		const token = await first.tokens.current();
		await vi.waitFor(() => expect(granted).toHaveBeenCalled());
		expect(await second.tokens.current()).toBe(token);
		expect(second.fetched).not.toHaveBeenCalled();
	});

	it('takes turns with other tabs', async () => {
		let running = 0;
		const turns: Promise<unknown>[] = [];
		vi.stubGlobal('navigator', {
			locks: {
				request: (_name: string, task: () => Promise<unknown>) => {
					const turn = Promise.all(turns).then(task);
					turns.push(turn);
					return turn;
				}
			}
		});
		const answer = async () => {
			running += 1;
			expect(running).toBe(1);
			await new Promise((resolve) => setTimeout(resolve, 5));
			running -= 1;
			return Response.json(grant());
		};
		await Promise.all([aTab(answer).tokens.current(), aTab(answer).tokens.current()]);
		vi.unstubAllGlobals();
	});

	it('refuses a token of somebody else, who signed in meanwhile', async () => {
		const { tokens } = aTab(() => Response.json(grant(2)));
		const foreign = vi.fn();
		tokens.onForeign = foreign;
		tokens.expect(1);
		await expect(tokens.current()).rejects.toThrow(Problem);
		expect(foreign).toHaveBeenCalled();
	});

	it('says when the session has ended, and not when only the server is away', async () => {
		let status = 503;
		const { tokens } = aTab(() => refusal(status));
		const expired = vi.fn();
		tokens.onExpired = expired;
		await expect(tokens.current()).rejects.toMatchObject({ status: 503, isTemporary: true });
		expect(expired).not.toHaveBeenCalled();
		status = 401;
		await expect(tokens.current()).rejects.toMatchObject({ status: 401 });
		expect(expired).toHaveBeenCalledTimes(1);
	});

	it('gives none once the session is being ended, until somebody signs in', async () => {
		const { tokens, fetched } = aTab(() => Response.json(grant()));
		tokens.adopt(grant());
		const used = await tokens.current();
		tokens.end();
		await expect(tokens.current()).rejects.toMatchObject({ status: 401 });
		await expect(tokens.renew(used)).rejects.toMatchObject({ status: 401 });
		tokens.forget();
		await expect(tokens.current()).rejects.toMatchObject({ status: 401 });
		expect(fetched).not.toHaveBeenCalled();
		tokens.adopt(grant(1, 20));
		await tokens.current();
		expect(fetched).toHaveBeenCalledTimes(1);
	});

	it('goes on as before when the session could not be ended', async () => {
		const { tokens } = aTab(() => Response.json(grant()));
		tokens.adopt(grant());
		const used = await tokens.current();
		tokens.end();
		tokens.carryOn();
		expect(await tokens.current()).toBe(used);
		expect(tokens.signal.aborted).toBe(false);
	});

	it('reports a line that is down as no answer', async () => {
		const { tokens } = aTab(() => Promise.reject(new TypeError('Failed to fetch')));
		await expect(tokens.current()).rejects.toMatchObject({ status: 0, isTemporary: true });
	});

	it('tells the other tabs of signing out', async () => {
		const first = aTab(() => Response.json(grant()));
		const second = aTab(() => Response.json(grant()));
		const foreign = vi.fn();
		second.tokens.adopt(grant());
		second.tokens.onForeign = foreign;
		first.tokens.forget();
		await vi.waitFor(() => expect(foreign).toHaveBeenCalled());
	});
});

describe('authorised', () => {
	it('tries once more with a new token when the server does not take the first', async () => {
		const renewed = grant();
		const { tokens } = aTab(() => Response.json(renewed));
		const old = grant();
		tokens.adopt(old);
		const seen: [string | null, string][] = [];
		const send = vi.fn(async (input: RequestInfo | URL) => {
			const request = input as Request;
			seen.push([request.headers.get('Authorization'), await request.text()]);
			return seen.length === 1 ? refusal(401) : Response.json({});
		});
		const response = await authorised(
			tokens,
			send
		)(new Request('http://tracker/x', { method: 'POST', body: 'text' }));
		expect(response.ok).toBe(true);
		expect(seen).toEqual([
			[`Bearer ${old.access_token}`, 'text'],
			[`Bearer ${renewed.access_token}`, 'text']
		]);
	});

	it('takes back what is under way when the session is being ended', async () => {
		const { tokens } = aTab(() => Response.json(grant()));
		tokens.adopt(grant());
		const send = vi.fn(
			(input: RequestInfo | URL) =>
				new Promise<Response>((_, reject) => {
					const { signal } = input as Request;
					signal.addEventListener('abort', () => reject(signal.reason as Error));
				})
		);
		const failure = strict(authorised(tokens, send))(new Request('http://tracker/x'));
		await vi.waitFor(() => expect(send).toHaveBeenCalled());
		tokens.end();
		await expect(failure).rejects.toBeInstanceOf(Problem);
	});

	it('does not try forever', async () => {
		const { tokens } = aTab(() => Response.json(grant()));
		const send = vi.fn(() => Promise.resolve(refusal(401)));
		await authorised(tokens, send)(new Request('http://tracker/x'));
		expect(send).toHaveBeenCalledTimes(2);
	});
});

describe('strict', () => {
	it('throws what the API says', async () => {
		const document = {
			title: 'Invalid',
			status: 400,
			detail: 'Bad.',
			errors: [{ field: 'title', message: 'Empty.' }]
		};
		const send = () => Promise.resolve(new Response(JSON.stringify(document), { status: 400 }));
		const failure = strict(send)(new Request('http://tracker/x'));
		await expect(failure).rejects.toMatchObject({ status: 400, errors: document.errors });
	});

	it('makes something of an answer by a proxy', async () => {
		const send = () => Promise.resolve(new Response('<h1>Bad gateway</h1>', { status: 502 }));
		await expect(strict(send)(new Request('http://tracker/x'))).rejects.toMatchObject({
			status: 502,
			isTemporary: true
		});
	});

	it('gives up after a while', async () => {
		const send = (request: Request) =>
			new Promise<Response>((_, reject) => {
				request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
			});
		await expect(strict(send, 10)(new Request('http://tracker/x'))).rejects.toMatchObject({ status: 0 });
	});

	it('lets the caller take its request back', async () => {
		const taken = new AbortController();
		const send = (request: Request) =>
			new Promise<Response>((_, reject) => {
				request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
			});
		const failure = strict(send)(new Request('http://tracker/x', { signal: taken.signal }));
		taken.abort();
		await expect(failure).rejects.toMatchObject({ name: 'AbortError' });
	});
});
