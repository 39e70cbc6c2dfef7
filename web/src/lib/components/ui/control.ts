/** What every box that takes text looks like. */
export const control =
	'w-full rounded-sm border border-control bg-surface text-field text-ink shadow-sm transition-colors ' +
	'hover:border-faint focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 ' +
	'aria-invalid:border-danger disabled:opacity-60';
