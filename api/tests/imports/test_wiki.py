"""Jira's markup as Markdown."""

import pytest

from tracker.imports.wiki import MAX_CONVERTED, to_markdown

CONVERSIONS = {
    "h1. Title": "# Title",
    "text\nh3. Part\nmore": "text\n### Part\nmore",
    "*bold* and *two words*, but 2 * 3 * 4": "**bold** and **two words**, but 2 * 3 * 4",
    "**already Markdown**": "**already Markdown**",
    "_stressed_ and snake_case_name": "_stressed_ and snake_case_name",
    "call {{f(x)}} or {{$.a\\{\\}}}": "call `f(x)` or `$.a{}`",
    "{{a`b}}": "``a`b``",
    "* one\n** inner\n*** third\n* two": "- one\n   - inner\n      - third\n- two",
    "# first\n#* point\n# second": "1. first\n   - point\n1. second",
    "- one\n- two": "- one\n- two",
    "see [the docs|https://example.com/a_b_c]": "see [the docs](https://example.com/a_b_c)",
    "[https://example.com|https://example.com]": "<https://example.com>",
    "[https://example.com/x]": "<https://example.com/x>",
    "[a Markdown link](https://example.com)": "[a Markdown link](https://example.com)",
    "[ALOY-920] is no link": "[ALOY-920] is no link",
    "https://example.com/*/x_y_z": "https://example.com/*/x_y_z",
    "[~ann] please": "@ann please",
    "!https://example.com/a.png|width=100!": "![](https://example.com/a.png)",
    "bq. said\nanswer": "> said\n\nanswer",
    "a\n{quote}\nsaid *so*\n\ntwice\n{quote}\nb": "a\n\n> said **so**\n>\n> twice\n\n\nb",
    "{color:red}red{color} text": "red text",
    "a\n----\nb": "a\n\n---\nb",
    "no heading\n---": "no heading\n\\---",
    "the <link> tag, but 1 < 2": "the \\<link> tag, but 1 < 2",
    "`<kept>` as it is": "`<kept>` as it is",
    "before\n{code}\nx = *1*\n{code}\nafter": "before\n\n```\nx = *1*\n```\n\nafter",
    "{code:JavaScript|title=a.js}\nf();\n{code}": "**a.js**\n\n```javascript\nf();\n```",
    "{code:lang=xml}\n<a/>\n{code}": "```xml\n<a/>\n```",
    "{code:none}\nx\n{code}": "```\nx\n```",
    "{noformat}\n# h1. *\n{noformat}": "```\n# h1. *\n```",
    "say {code}x{code} once": "say `x` once",
    "{code}\n```\ninner\n```\n{code}": "````\n```\ninner\n```\n````",
    "```\n*not* {{touched}}\n```": "```\n*not* {{touched}}\n```",
    "{quote}\n{code}\nx\n{code}\n{quote}": "> ```\n> x\n> ```",
    "{code}\nnever closed": "{code}\nnever closed",
    "||a||b||": "||a||b||",
}


@pytest.mark.parametrize(("wiki", "markdown"), CONVERSIONS.items(), ids=list(CONVERSIONS))
def test_it_means_the_same_as_before(wiki: str, markdown: str) -> None:
    assert to_markdown(wiki) == markdown


def test_very_long_texts_stay_as_they_are() -> None:
    log = "h1. *log*\n" * MAX_CONVERTED
    assert to_markdown(log) == log


@pytest.mark.parametrize(
    "markup", ["{code:a", "{code:a}", "{noformat:a}", "{{", "[a|http://b|", "```x\n", "\n ", "{color:"]
)
def test_what_is_never_closed_is_not_looked_for_again_and_again(markup: str) -> None:
    """Each of these once took minutes, in which nobody else was answered."""
    text = (markup * MAX_CONVERTED)[:MAX_CONVERTED]
    assert len(to_markdown(text)) >= len(text.strip())


def test_blank_lines_around_code_go_and_those_around_words_stay() -> None:
    assert to_markdown("a \n \n{code}\nb\n{code}\n\n c") == "a \n\n```\nb\n```\n\n c"
    assert to_markdown("a\n\n{code}b{code}\n\nc") == "a\n\n`b`\n\nc"
