import { nonEmpty, object, pipe, string } from 'valibot';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '#lib/api/errors.ts';
import { createForm } from './form.svelte.ts';

const schema = object({ name: pipe(string(), nonEmpty('Say a name.')), note: string() });
const send = vi.fn<(values: { name: string; note: string }) => Promise<void>>();

function submit(form: ReturnType<typeof aForm>): Promise<void> {
	const element = document.querySelector('form');
	const event = new SubmitEvent('submit', { cancelable: true });
	Object.defineProperty(event, 'currentTarget', { value: element });
	return form.submit(event);
}

function aForm() {
	return createForm({ schema, initial: { name: '', note: '' }, submit: send });
}

beforeEach(() => {
	document.body.innerHTML = '<form><input name="note"><input name="name"></form>';
	send.mockReset().mockResolvedValue();
});

afterEach(() => document.body.replaceChildren());

describe('createForm', () => {
	it('says nothing before the first try, then follows the values', async () => {
		const form = aForm();
		expect(form.errors).toEqual({});
		await submit(form);
		expect(form.errors).toEqual({ name: 'Say a name.' });
		expect(document.activeElement?.getAttribute('name')).toBe('name');
		expect(send).not.toHaveBeenCalled();
		form.values.name = 'x';
		expect(form.errors).toEqual({});
		await submit(form);
		expect(send).toHaveBeenCalledWith({ name: 'x', note: '' });
	});

	it('is busy while sending and sends once', async () => {
		let finish = () => {};
		send.mockReturnValue(new Promise((resolve) => (finish = resolve)));
		const form = aForm();
		form.values.name = 'x';
		const first = submit(form);
		await submit(form);
		expect(form.busy).toBe(true);
		finish();
		await first;
		expect(form.busy).toBe(false);
		expect(send).toHaveBeenCalledTimes(1);
	});

	it('shows what the server says beside the field, until the field changes', async () => {
		const errors = [{ field: 'name', message: 'Taken.' }];
		send.mockRejectedValue(new Problem({ title: '', status: 400, detail: '', errors }));
		const form = aForm();
		form.values.name = 'x';
		await submit(form);
		expect(form.errors).toEqual({ name: 'Taken.' });
		expect(form.failure).toBeNull();
		form.values.name = 'y';
		expect(form.errors).toEqual({});
	});

	it('keeps what concerns no field as the failure of the whole', async () => {
		const problem = new Problem({ title: '', status: 503, detail: '' });
		send.mockRejectedValue(problem);
		const form = aForm();
		form.values.name = 'x';
		await submit(form);
		expect(form.failure).toBe(problem);
	});
});
