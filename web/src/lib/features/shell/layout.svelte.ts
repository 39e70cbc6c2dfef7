import { expectTyping } from '#lib/components/ui/typeahead.ts';
import { stored } from '#lib/state/stored.ts';

type Overlay = 'palette' | 'shortcuts' | 'create' | null;

const storedCollapsed = stored<boolean>('sidebar-hidden', false, (value) => typeof value === 'boolean');

/** What of the frame around the pages is open. */
class ShellLayout {
	#collapsed = $state(storedCollapsed.read());
	/** The sidebar as a drawer, on narrow screens. */
	drawer = $state(false);
	#overlay = $state<Overlay>(null);

	/** At most one of these stands over the page at a time. */
	get overlay(): Overlay {
		return this.#overlay;
	}

	set overlay(overlay: Overlay) {
		this.#overlay = overlay;
		if (overlay === 'palette' || overlay === 'create') expectTyping();
	}

	get collapsed(): boolean {
		return this.#collapsed;
	}

	set collapsed(collapsed: boolean) {
		this.#collapsed = collapsed;
		storedCollapsed.write(collapsed);
	}
}

export const layout = new ShellLayout();
