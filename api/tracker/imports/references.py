"""Issues that texts from elsewhere refer to by their number, which has another meaning here."""

import re

_CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|``.*?``|`[^`\n]+`", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w&#/])#(?=[1-9][0-9]{0,8}(?!\w|\.[0-9]))")


def with_repository(text: str, repository: str) -> str:
    """Writes `#12` as `owner/name#12`, which GitHub takes for the same: here, #12 is another issue. Code is left as it is."""
    pieces: list[str] = []
    at = 0
    for code in _CODE.finditer(text):
        pieces += [_NUMBER.sub(f"{repository}#", text[at : code.start()]), code[0]]
        at = code.end()
    return "".join(pieces) + _NUMBER.sub(f"{repository}#", text[at:])
