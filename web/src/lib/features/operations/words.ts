import type { Check, Job } from '#lib/api/types.ts';

export const CHECK_LABELS: Record<Check['status'], string> = {
	ok: 'Works',
	failing: 'Fails',
	unused: 'Not used'
};

/** What people call what the API names; a part it names anew goes by that name. */
const PARTS: Record<string, string> = {
	database: 'Database',
	redis: 'Redis',
	worker: 'Background worker',
	files: 'File store',
	scanner: 'Virus scanner'
};

/** What to do when a part fails, and how to do without nothing when it is not used. */
const ADVICE: Record<string, Partial<Record<Check['status'], string>>> = {
	database: {
		failing: 'See that PostgreSQL runs and that DATABASE_URL names it; its log says why it refuses.'
	},
	redis: {
		failing: 'See that Redis or Valkey runs and that REDIS_URL names it. Nothing is lost meanwhile.',
		unused: 'Set REDIS_URL to have live updates at once, and jobs run by themselves.'
	},
	worker: {
		failing: 'Start `tracker worker`, or look into its log. Jobs that were missed are made up for.',
		unused: 'Set REDIS_URL and start `tracker worker`, or let cron start the jobs.'
	},
	files: { failing: 'Make room, or see that UPLOAD_STORE exists and may be written to.' },
	scanner: {
		failing: 'See that clamd runs and that CLAMD_URL names it.',
		unused: 'Set CLAMD_URL to have every file scanned before anybody can open it.'
	}
};

export function partName(name: string): string {
	return PARTS[name] ?? name;
}

export function advice({ name, status }: Check): string | null {
	return ADVICE[name]?.[status] ?? null;
}

/** One sentence for all of it. */
export function verdict(checks: readonly Check[]): string {
	const failing = checks.filter(({ status }) => status === 'failing').map(({ name }) => partName(name));
	if (failing.length === 0) return 'Everything works';
	if (failing.length === 1) return `${failing.join()} needs attention`;
	return `${failing.length} parts need attention`;
}

/** `refresh-daily-stats` as people write. */
export function jobTitle({ name }: Job): string {
	const words = name.replaceAll('-', ' ');
	return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `12 ms`, `3.4 s`, `2 min`. */
export function taken(milliseconds: number): string {
	if (milliseconds < 1_000) return `${milliseconds} ms`;
	if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
	return `${Math.round(milliseconds / 60_000)} min`;
}

/** What a job's last run came to. */
export function outcome({ last_run: run }: Job): string {
	if (!run) return 'Has not run yet';
	if (!run.succeeded) return `Failed: ${run.error ?? 'no reason given'}`;
	if (!run.affected) return 'Nothing to do';
	return `${run.affected.toLocaleString()} ${run.affected === 1 ? 'thing' : 'things'} changed`;
}
