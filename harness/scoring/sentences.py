"""How a response is built: its sentences, without code and without marks of layout."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = re.compile(r"[.!?](?=\s|$)")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_MARKUP = re.compile(r"[*_`#]+")
_BETWEEN = re.compile(r"(?<=[.!?])\0*\s+|\n+")
_CODE_LINE = re.compile(
    r"^[ \t]*(?:#[ \t]*(?:include|define|ifdef|ifndef|endif|if)\b.*|//.*|/\*.*|\*/.*|@\w+\..*|(?:from \w+ )?import \w.*|.*[;{}][ \t]*"
    r"|(?:if|for|while|else|switch|def|class|try|except)\b.*[:{)][ \t]*|[\w.\[\]]+ ?[-+|]?= ?\S.*)$",
    re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """`quote` is a piece of the response as it stands there; `text` is the same without stars, hashes and the like."""

    text: str
    quote: str


def count_sentences(response: str) -> int:
    """Sentences that end with a full stop, a question or an exclamation mark before a space or the end; an unfinished one doesn't count."""
    return len(_END.findall(response.strip()))


def sentences_of(response: str) -> tuple[Sentence, ...]:
    """The sentences, headings and items of a response in their order; fenced blocks and lines of code are none."""
    return tuple(_sentences(response))


def _sentences(response: str) -> Iterator[Sentence]:
    # as long as the response, so that a place in one is the same place in the other: what is left out becomes NUL
    plain = response.replace("\0", " ").replace("\u2019", "'")
    for left_out in (_FENCE, _CODE_LINE, _MARKUP):
        plain = left_out.sub(lambda match: "\0" * len(match[0]), plain)
    start = 0
    for end, following in [*(match.span() for match in _BETWEEN.finditer(plain)), (len(plain), len(plain))]:
        text = plain[start:end].replace("\0", "").strip()
        if text:
            first = next(at for at in range(start, end) if plain[at] != "\0" and not plain[at].isspace())
            last = max(at for at in range(first, end) if plain[at] != "\0" and not plain[at].isspace())
            yield Sentence(text=text, quote=response[first : last + 1])
        start = following
