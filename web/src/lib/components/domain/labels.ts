import type { Role, Severity, Status } from '#lib/api/types.ts';

export const STATUS_LABELS: Record<Status, string> = {
	open: 'Open',
	triaged: 'Triaged',
	in_progress: 'In progress',
	done: 'Done',
	cancelled: 'Cancelled'
};

export const SEVERITY_LABELS: Record<Severity, string> = {
	low: 'Low',
	medium: 'Medium',
	high: 'High',
	critical: 'Critical'
};

export const ROLE_LABELS: Record<Role, string> = {
	reporter: 'Reporter',
	maintainer: 'Maintainer',
	admin: 'Admin'
};

/** What a role may do, for whoever has to choose one. */
export const ROLE_HINTS: Record<Role, string> = {
	reporter: 'Files issues and sees only their own',
	maintainer: 'Sees and triages every issue',
	admin: 'Everything, and manages people'
};
