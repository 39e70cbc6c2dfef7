import type { Early } from '#lib/api/early.ts';

declare global {
	interface Window {
		early?: Early;
	}
	namespace App {
		interface Error {
			message: string;
			/** What the person can do about it. */
			hint?: string;
		}
		interface PageState {
			/** The entry before this one is the same list without the panel. */
			isBeside?: boolean;
		}
	}
}

export {};
