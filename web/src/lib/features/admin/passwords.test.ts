// @vitest-environment node
import { expect, it } from 'vitest';
import { suggestPassword } from './passwords.ts';

it('makes sixteen readable characters, another every time', () => {
	const made = Array.from({ length: 50 }, suggestPassword);
	for (const password of made) expect(password).toMatch(/^[a-km-np-zA-HJKMNP-Z2-9]{16}$/);
	expect(new Set(made).size).toBe(50);
});
