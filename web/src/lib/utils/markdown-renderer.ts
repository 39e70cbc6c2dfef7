import purifier from 'dompurify';
import { Marked } from 'marked';

// HTML in a text is shown as text: in a tracker it is mostly something that somebody talks about. The few tags
// that Markdown has no sign for are let through, without attributes.
const PLAIN_TAGS = /&lt;(\/?(?:details|summary|kbd|sub|sup|mark|u|br))\s*\/?&gt;/gi;
const COMMENTS = /<!--[^]*?-->/g;

const marked = new Marked({
	gfm: true,
	breaks: true,
	async: false,
	renderer: {
		html: ({ text }) => escaped(text.replaceAll(COMMENTS, '')).replaceAll(PLAIN_TAGS, '<$1>')
	}
});

function escaped(text: string): string {
	return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

// Safe schemes, and everything that is no address with a scheme: DOMPurify tests all attributes with it,
// so a stricter one would also strip `type="checkbox"` and the like.
const ADDRESSES = /^(?:(?:https?|mailto):|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i;

const TAGS = [
	...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'br', 'hr', 'blockquote', 'pre', 'code'],
	...['ul', 'ol', 'li', 'input', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
	...[
		'a',
		'img',
		'strong',
		'em',
		'b',
		'i',
		'u',
		's',
		'del',
		'ins',
		'sub',
		'sup',
		'kbd',
		'mark',
		'details',
		'summary'
	]
];
const ATTRIBUTES = [
	'href',
	'src',
	'alt',
	'title',
	'type',
	'checked',
	'disabled',
	'start',
	'align',
	'colspan',
	'rowspan'
];

purifier.addHook('afterSanitizeAttributes', (node) => {
	if (node.tagName === 'A') {
		// The other page gets no handle on this one, and no search engine rewards spam.
		node.setAttribute('rel', 'noopener noreferrer nofollow');
		if (/^https?:/i.test(node.getAttribute('href') ?? '')) node.setAttribute('target', '_blank');
	}
	if (node.tagName === 'IMG') {
		node.setAttribute('loading', 'lazy');
		node.setAttribute('referrerpolicy', 'no-referrer');
	}
	// Lines that are longer than the page is wide are scrolled to, by keyboard too.
	if (node.tagName === 'PRE') node.setAttribute('tabindex', '0');
	// Task lists only: a text that brings its own fields could ask for a password.
	if (node.tagName === 'INPUT') {
		if (node.getAttribute('type') === 'checkbox') {
			node.setAttribute('disabled', '');
			node.setAttribute('aria-label', node.hasAttribute('checked') ? 'Done' : 'To do');
		} else node.remove();
	}
});

/**
 * What `{@html}` takes: the policy of this app has the browser refuse everything that did not come out of the
 * sanitiser.
 */
export type SafeHtml = ReturnType<typeof render>;

export function render(text: string) {
	return purifier.sanitize(marked.parse(text, { async: false }), {
		RETURN_TRUSTED_TYPE: true,
		ALLOWED_TAGS: TAGS,
		ALLOWED_ATTR: ATTRIBUTES,
		ALLOWED_URI_REGEXP: ADDRESSES,
		ALLOW_DATA_ATTR: false,
		ALLOW_ARIA_ATTR: false
	});
}
