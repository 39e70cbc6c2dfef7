import { tick } from 'svelte';
import { type GenericSchema, type InferOutput, safeParse } from 'valibot';
import { Problem } from '#lib/api/errors.ts';

type Values = Record<string, unknown>;
type Errors<V> = Partial<Record<keyof V & string, string>>;

interface Options<V extends Values, S extends GenericSchema<V>> {
	schema: S;
	initial: V;
	/** May throw a `Problem`: what it says of single fields is shown beside them. */
	submit: (values: InferOutput<S>) => Promise<void>;
}

/**
 * A form's state: values, what is wrong with them, and whether it is being sent.
 *
 * Nobody is corrected while still typing for the first time: errors appear on submitting, and from then on
 * follow the values. The first field with an error gets the focus; its `name` is its key in the values.
 */
export function createForm<V extends Values, S extends GenericSchema<V>>({
	schema,
	initial,
	submit
}: Options<V, S>) {
	const values = $state({ ...initial });
	let attempted = $state(false);
	let busy = $state(false);
	let failure = $state.raw<unknown>(null);
	/** What the server said, each with the value of which it said it. */
	let refused = $state.raw<{ field: string; message: string; value: unknown }[]>([]);

	const result = $derived(safeParse(schema, values));
	const errors = $derived.by(() => {
		const found: Record<string, string> = {};
		for (const { field, message, value } of refused) {
			if (values[field] === value) found[field] ??= message;
		}
		if (!attempted) return found as Errors<V>;
		for (const issue of result.issues ?? []) {
			const field = issue.path?.[0]?.key;
			if (typeof field === 'string') found[field] ??= issue.message;
		}
		return found as Errors<V>;
	});

	async function send(event: SubmitEvent): Promise<void> {
		event.preventDefault();
		const form = event.currentTarget as HTMLFormElement;
		if (busy) return;
		attempted = true;
		failure = null;
		refused = [];
		if (!result.success) {
			await focusFirstError(form);
			return;
		}
		busy = true;
		try {
			await submit(result.output);
			attempted = false;
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			const known = error.errors.filter(({ field }) => field in values);
			refused = known.map((each) => ({ ...each, value: values[each.field] }));
			// What is said beside the fields needs not be said above them again.
			if (known.length < error.errors.length || known.length === 0) failure = error;
			await focusFirstError(form);
		} finally {
			busy = false;
		}
	}

	async function focusFirstError(form: HTMLFormElement): Promise<void> {
		await tick();
		for (const element of form.elements) {
			const name = element.getAttribute('name');
			if (name && name in errors && element instanceof HTMLElement) {
				element.focus();
				return;
			}
		}
	}

	return {
		values,
		get errors() {
			return errors;
		},
		get busy() {
			return busy;
		},
		/** What went wrong with the form as a whole. */
		get failure() {
			return failure;
		},
		submit: send,
		reset() {
			Object.assign(values, initial);
			attempted = false;
			failure = null;
			refused = [];
		}
	};
}
