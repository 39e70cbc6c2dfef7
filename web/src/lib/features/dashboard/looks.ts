import type { Severity, Status } from '#lib/api/types.ts';
import type { Series } from '#lib/components/charts/series.ts';
import { SEVERITY_LABELS, STATUS_LABELS } from '#lib/components/domain/labels.ts';

/** Neighbours in a stack differ in texture as well. */
export const STATUS_SERIES: Record<Status, Series> = {
	open: { key: 'open', label: STATUS_LABELS.open, color: 'var(--status-open)', texture: 'dots' },
	triaged: { key: 'triaged', label: STATUS_LABELS.triaged, color: 'var(--status-triaged)' },
	in_progress: {
		key: 'in_progress',
		label: STATUS_LABELS.in_progress,
		color: 'var(--status-in-progress)',
		texture: 'stripes'
	},
	done: { key: 'done', label: STATUS_LABELS.done, color: 'var(--status-done)' },
	cancelled: {
		key: 'cancelled',
		label: STATUS_LABELS.cancelled,
		color: 'var(--status-cancelled)',
		texture: 'stripes'
	}
};

export const SEVERITY_SERIES: Record<Severity, Series> = {
	critical: { key: 'critical', label: SEVERITY_LABELS.critical, color: 'var(--danger)' },
	high: { key: 'high', label: SEVERITY_LABELS.high, color: 'var(--warning)' },
	medium: { key: 'medium', label: SEVERITY_LABELS.medium, color: 'var(--status-open)' },
	low: { key: 'low', label: SEVERITY_LABELS.low, color: 'var(--control)' }
};

export const ACCENT = 'var(--accent)';
