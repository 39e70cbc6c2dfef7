import { cleanup, render } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import Delayed from './Delayed.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
	cleanup();
	vi.useRealTimers();
});

it('a wait is shown only when it is long enough to be noticed', async () => {
	const children = createRawSnippet(() => ({ render: () => '<p>Loading</p>' }));
	const { queryByText } = render(Delayed, { children });
	await vi.advanceTimersByTimeAsync(149);
	expect(queryByText('Loading')).toBeNull();
	await vi.advanceTimersByTimeAsync(1);
	expect(queryByText('Loading')).not.toBeNull();
});
