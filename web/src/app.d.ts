declare global {
	namespace App {
		interface Error {
			message: string;
			/** What the person can do about it. */
			hint?: string;
		}
	}
}

export {};
