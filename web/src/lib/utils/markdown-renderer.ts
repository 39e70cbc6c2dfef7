import { resolve } from '$app/paths';
import purifier from 'dompurify';
import { Marked, Renderer, type Parser, type Token } from 'marked';
import { fileNameIn } from './file-links.ts';

// HTML in a text is shown as text: in a tracker it is mostly something that somebody talks about. The few tags
// that Markdown has no sign for are let through, without attributes.
const PLAIN_TAGS = /&lt;(\/?(?:details|summary|kbd|sub|sup|mark|u|br))\s*\/?&gt;/gi;
const COMMENTS = /<!--[^]*?-->/g;

/** How people quote an issue: `#42`, but neither `a#42`, `&#42;` nor `#42px`. */
const ISSUE = /(?<![\p{L}\p{N}_&#/])#([1-9][0-9]{0,8})(?![\p{L}\p{N}_]|\.[0-9])/gu;
/** The words of links: a link can't hold another one. */
const linked = new WeakSet<Token>();
const plain = new Renderer();

export const marked = new Marked({
	gfm: true,
	breaks: true,
	async: false,
	walkTokens(token) {
		if (token.type !== 'link' || !token.tokens) return;
		// A picture inside a link becomes its words.
		token.tokens = token.tokens.map(withoutPicture);
		void marked.walkTokens(token.tokens, (word) => void linked.add(word));
	},
	renderer: {
		text(token) {
			if (('tokens' in token && token.tokens) || linked.has(token)) return false;
			const shown = plain.text(token);
			return shown.replaceAll(
				ISSUE,
				(quote, id: string) => `<a href="${resolve('/(app)/issues/[id=issue]', { id })}">${quote}</a>`
			);
		},
		html({ text, ...token }) {
			const shown = escaped(text.replaceAll(COMMENTS, '')).replaceAll(PLAIN_TAGS, '<$1>');
			const isForeign = 'block' in token && token.block && shown.includes('&lt;');
			return isForeign ? `<p>${shown.trim().replaceAll('\n', '<br>')}</p>` : shown;
		},
		link({ href, tokens }) {
			const name = fileNameIn(href);
			return name !== null && filePlace(name, wordsOf(this.parser, tokens), 'link');
		},
		image({ href, tokens }) {
			const name = fileNameIn(href);
			const words = wordsOf(this.parser, tokens);
			if (name !== null) return filePlace(name, words, 'picture');
			// Loading it would tell a stranger's server who reads this, and when.
			return `<a href="${quoted(href)}">${escaped(words || href)}</a>`;
		}
	}
});

/** Where one of the issue's files goes; its content can't be had by an address. */
function filePlace(name: string, label: string, as: 'link' | 'picture'): string {
	return `<span data-file="${quoted(name)}" data-as="${as}">${escaped(label || name)}</span>`;
}

function wordsOf(parser: Parser, tokens: Token[] = []): string {
	return parser.parseInline(tokens, parser.textRenderer);
}

function withoutPicture(token: Token): Token {
	return token.type === 'image' ? { type: 'text', raw: token.raw, text: token.text as string } : token;
}

function escaped(text: string): string {
	return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function quoted(text: string): string {
	return escaped(text).replaceAll('"', '&quot;');
}

// Safe schemes, and everything that is no address with a scheme: DOMPurify tests all attributes with it,
// so a stricter one would also strip `type="checkbox"` and the like.
const ADDRESSES = /^(?:(?:https?|mailto):|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i;

const TAGS = [
	...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'br', 'hr', 'blockquote', 'pre', 'code', 'span'],
	...['ul', 'ol', 'li', 'input', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
	...[
		'a',
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
const ATTRIBUTES = ['href', 'title', 'type', 'checked', 'disabled', 'start', 'align', 'data-file', 'data-as'];

const DIRECTED = new Set([
	'P',
	'UL',
	'OL',
	'H1',
	'H2',
	'H3',
	'H4',
	'H5',
	'H6',
	'BLOCKQUOTE',
	'TD',
	'TH',
	'SUMMARY'
]);

purifier.addHook('afterSanitizeAttributes', (node) => {
	if (node.tagName === 'A') {
		// The other page gets no handle on this one, and no search engine rewards spam.
		node.setAttribute('rel', 'noopener noreferrer nofollow');
		if (/^https?:/i.test(node.getAttribute('href') ?? '')) node.setAttribute('target', '_blank');
	}
	// Each goes the way that its own language is written.
	if (DIRECTED.has(node.tagName)) node.setAttribute('dir', 'auto');
	// Lines that are longer than the page is wide are scrolled to, by keyboard too.
	if (node.tagName === 'PRE') node.setAttribute('tabindex', '0');
	// Task lists only: a text that brings its own fields could ask for a password.
	if (node.tagName === 'INPUT') {
		if (node.getAttribute('type') === 'checkbox') {
			node.setAttribute('disabled', '');
			node.setAttribute('aria-label', taskOf(node));
		} else node.remove();
	}
});

/** What a box of a task list is about: the words beside it, but not the tasks below it. */
function taskOf(box: Element): string {
	let words = '';
	for (let node = box.nextSibling; node && !/^(UL|OL)$/.test(node.nodeName); node = node.nextSibling) {
		words += node.textContent ?? '';
	}
	return words.replaceAll(/\s+/g, ' ').trim().slice(0, 100) || 'Task';
}

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
		ADD_URI_SAFE_ATTR: ['data-file'],
		ALLOW_DATA_ATTR: false,
		ALLOW_ARIA_ATTR: false
	});
}
