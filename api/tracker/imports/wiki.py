"""Jira's wiki markup as Markdown.

Only what means the same in both is converted; the rest stays as it was written, because half a conversion is worse
to read than none. Markdown that people wrote in spite of Jira survives.
"""

import re

MAX_CONVERTED = 100_000
"""Longer texts are logs and dumps; they stay as they are."""

# Nothing here may be looked for up to the end of the text again and again: people paste what they like.
_CODE = re.compile(r"\{(code|noformat)(?::([^}\n]{0,200}))?\}")
_BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)*")
_FENCE = re.compile(r"^```", re.MULTILINE)
_FENCE_END = re.compile(r"^```[^\S\n]*$", re.MULTILINE)
_CODE_SPAN = re.compile(r"`[^`\n]+`")
_MONOSPACED = re.compile(r"\{\{(.{1,500}?)\}\}(?!\})")
_QUOTE = re.compile(r"\{quote\}(.*?)\{quote\}", re.DOTALL)
_COLOR = re.compile(r"\{color(?::[^}\n]{0,200})?\}")
_LINK = re.compile(r"\[([^\[\]|\n]+)\|((?:https?|ftp|mailto):[^\]|\s]+)(?:\|[^\]\n]{0,200})?\]")
_BARE_LINK = re.compile(r"\[((?:https?|ftp|mailto):[^\]|\s]+)\](?!\()")
_IMAGE = re.compile(r"!(https?://[^!|\s]+)(?:\|[^!\n]*)?!")
_ADDRESS = re.compile(r"https?://[^\s\0<>\[\]{}|]+")
_MENTION = re.compile(r"\[~(?:accountid:)?([^\[\]\n]+)\]")
_BOLD = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*\n]*[^\s*\\])\*(?![\w*])")
_TAG = re.compile(r"(?<!\\)<(?=[A-Za-z/!?])")
_ESCAPED = re.compile(r"\\([{}\[\]*_!|+^~?-])")

_HEADING = re.compile(r"^[^\S\n]*h([1-6])\.[^\S\n]+(?=\S)")
_QUOTED_LINE = re.compile(r"^[^\S\n]*bq\.[^\S\n]+")
_ITEM = re.compile(r"^[^\S\n]*([*#]+)[^\S\n]+(?=\S)")
_RULE = re.compile(r"^-{4,}[^\S\n]*$")
_UNDERLINE = re.compile(r"^(?=={2,}[^\S\n]*$|-{2,3}[^\S\n]*$)")


_BACKTICKS = re.compile("`+")
_LANGUAGE = re.compile(r"[\w+#-]+")
_KEPT = re.compile("\0(\\d+)\0")


def to_markdown(text: str) -> str:
    """Converts a text with Unix line ends and without NUL characters."""
    return _Conversion().convert(text).strip("\n") if len(text) <= MAX_CONVERTED else text


class _Conversion:
    """Takes out what is not to be touched any more, and puts it back at the end."""

    def __init__(self) -> None:
        self._kept: list[str] = []

    def convert(self, text: str) -> str:
        text = self._without_fences(text)
        text = self._without_code(text)
        text = _CODE_SPAN.sub(lambda match: self._keep(match[0]), text)
        text = _MONOSPACED.sub(lambda match: self._keep(_span(_ESCAPED.sub(r"\1", match[1]))), text)
        return self._put_back(self._prose(text))

    def _prose(self, text: str) -> str:
        text = _QUOTE.sub(lambda match: self._keep(self._quotation(match[1])), text)
        text = _COLOR.sub("", text)
        text = _LINK.sub(self._link, text)
        text = _BARE_LINK.sub(lambda match: self._keep(f"<{match[1]}>"), text)
        text = _IMAGE.sub(lambda match: self._keep(f"![]({match[1]})"), text)
        text = _ADDRESS.sub(lambda match: self._keep(match[0]), text)
        return "\n".join(map(_line, text.split("\n")))

    def _quotation(self, text: str) -> str:
        lines = self._put_back(self._prose(text)).strip("\n").split("\n")
        return "\n" + "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"

    def _without_fences(self, text: str) -> str:
        pieces: list[str] = []
        at = 0
        while (begin := _FENCE.search(text, at)) and (end := _FENCE_END.search(text, begin.end())):
            pieces += [text[at : begin.start()], self._keep(text[begin.start() : end.end()])]
            at = end.end()
        return "".join(pieces) + text[at:]

    def _without_code(self, text: str) -> str:
        pieces: list[str] = []
        at = 0
        last = {kind: text.rfind(f"{{{kind}}}") for kind in ("code", "noformat")}
        for begin in _CODE.finditer(text):
            if begin.start() < at or begin.end() > last[begin[1]]:  # inside of one, or never closed
                continue
            close = f"{{{begin[1]}}}"
            end = text.index(close, begin.end())
            before, content = text[at : begin.start()], self._put_back(text[begin.end() : end])
            at = end + len(close)
            if "\n" in content:
                pieces += [_without_blank_end(before), self._keep(_fenced(content, begin[2] or ""))]
                at = _end_of_blank_lines(text, at)
            else:
                pieces += [before, self._keep(_span(content))]
        return "".join(pieces) + text[at:]

    def _link(self, match: re.Match[str]) -> str:
        text, address = match[1].strip(), match[2]
        return self._keep(f"<{address}>" if text == address else f"[{text}]({address})")

    def _keep(self, text: str) -> str:
        self._kept.append(text)
        return f"\0{len(self._kept) - 1}\0"

    def _put_back(self, text: str) -> str:
        return _KEPT.sub(lambda match: self._put_back(self._kept[int(match[1])]), text)


def _without_blank_end(text: str) -> str:
    """Without the lines at the end in which nothing stands."""
    length = len(text.rstrip())
    end = text.find("\n", length)
    return text if end < 0 else text[:end]


def _end_of_blank_lines(text: str, at: int) -> int:
    blank = _BLANK_LINES.match(text, at)
    return blank.end() if blank else at


def _line(line: str) -> str:
    if heading := _HEADING.match(line):
        return f"{'#' * int(heading[1])} {_inline(line[heading.end() :])}"
    if quoted := _QUOTED_LINE.match(line):
        return f"> {_inline(line[quoted.end() :])}\n"
    if item := _ITEM.match(line):
        marks = item[1]
        indent = "   " * (len(marks) - 1)
        return f"{indent}{'1.' if marks[-1] == '#' else '-'} {_inline(line[item.end() :])}"
    if _RULE.match(line):
        return "\n---"
    # To Markdown, the line above such a line would be a heading.
    return f"\\{line}" if _UNDERLINE.match(line) else _inline(line)


def _inline(text: str) -> str:
    text = _BOLD.sub(r"**\1**", text)
    text = _MENTION.sub(r"@\1", text)
    return _TAG.sub(r"\<", text)


def _fenced(content: str, parameters: str) -> str:
    language = title = ""
    for parameter in parameters.split("|"):
        name, equals, value = (part.strip() for part in parameter.rpartition("="))
        if name == "title":
            title = value
        elif (not equals or name in {"lang", "language"}) and _LANGUAGE.fullmatch(value):
            language = "" if value == "none" else value.lower()
    fence = "`" * (max([2, *map(len, _BACKTICKS.findall(content))]) + 1)
    body = content.strip("\n").rstrip()
    above = f"**{title}**\n\n" if title else ""
    return f"\n\n{above}{fence}{language}\n{body}\n{fence}\n\n"


def _span(content: str) -> str:
    marks = "`" * (max([0, *map(len, _BACKTICKS.findall(content))]) + 1)
    space = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{marks}{space}{content}{space}{marks}"
