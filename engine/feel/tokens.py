"""FEEL text to tokens: one regular expression, and how text literals are unescaped.

Knows no grammar. Refuses characters that FEEL does not have, with a hint for those that people bring from elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from engine.feel.errors import syntax_error

MAX_SOURCE = 20_000  # characters
KEYWORDS = frozenset(
    {
        *("and", "or", "in", "between", "instance", "if", "then", "else", "for", "return", "some", "every"),
        *("satisfies", "function", "true", "false", "null", "external"),
    }
)
TokenKind = Literal["number", "string", "word", "keyword", "operator", "end"]

# Source: DMN 1.3 10.3.1.2, grammar rules 27 to 37 (names, literals)
TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<word>\?|(?:[^\W\d]|[\U00010000-\U000EFFFF])(?:\w|[\u00B7\U00010000-\U000EFFFF])*)
      | (?P<operator>\*\*|\.\.|->|<=|>=|!=|[-+*/=<>()\[\]{},.:@'])""",
    re.VERBOSE | re.DOTALL,
)
HINTS = {
    '"': 'this text never ends, a " is missing',
    "&": "write 'and'",
    "|": "write 'or'",
    "!": "write not(...) or !=",
    "\u201c": 'write straight quotation marks, "',
    "\u201d": 'write straight quotation marks, "',
    "%": "write modulo(a, b), or divide by 100",
    ";": "write a comma",
    "$": "FEEL needs no currency signs and no dollar names",
    "#": "write the name alone",
    **dict.fromkeys("\u00a3\u20ac\u00a5", "FEEL needs no currency signs"),
    **dict.fromkeys("\u2018\u2019\u201e\u00ab\u00bb", 'write straight quotation marks, "'),
    **dict.fromkeys("\u2212\u2013\u2014", "write a plain minus, -"),
    "\u2265": "write >=",
    "\u2264": "write <=",
    "\u2260": "write !=",
    "\u00d7": "write *",
    "\u00f7": "write /",
    "\u2026": "write ..",
    "~": "write contains(...) or matches(...)",
    "^": "write ** for a power",
    "`": 'write straight quotation marks, "',
}
ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL
)
SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
SURROGATE_PAIR = len("\\uD83D\\uDE00")


@dataclass(frozen=True, slots=True)
class Token:
    kind: TokenKind
    text: str
    position: int

    @property
    def is_whole_number(self) -> bool:
        return self.kind == "number" and self.text.isdigit()


def tokenize(source: str) -> list[Token]:
    """Split the text; the last token is always of kind "end".

    Raises:
        FeelSyntaxError: a character that FEEL does not have, a text without an end, or more than 20,000 characters.
    """
    if len(source) > MAX_SOURCE:
        raise syntax_error(f"longer than {MAX_SOURCE} characters", "", 0)
    tokens: list[Token] = []
    position = 0
    while position < len(source):
        match = TOKEN.match(source, position)
        if match is None:
            character = source[position]
            raise syntax_error(f"unexpected {character!r}", source, position, HINTS.get(character, ""))
        if match.lastgroup != "space":
            tokens.append(Token(_kind_of(match), match[0], position))
        position = match.end()
    return [*tokens, Token("end", "", len(source))]


def _kind_of(match: re.Match[str]) -> TokenKind:
    match match.lastgroup:
        case "number":
            return "number"
        case "string":
            return "string"
        case "word":
            return "keyword" if match[0] in KEYWORDS else "word"
        case _:
            return "operator"


def unescape(body: str) -> str:
    """Resolve escapes; an unknown one stays as written, because patterns like "\\d" rely on it."""
    return ESCAPE.sub(_unescape_one, body) if "\\" in body else body


def _unescape_one(match: re.Match[str]) -> str:
    text = match[0]
    if len(text) == SURROGATE_PAIR:
        pair = chr(int(text[2:6], 16)) + chr(int(text[8:], 16))
        return pair.encode("utf-16", "surrogatepass").decode("utf-16")
    if len(text) > 2:
        code = int(text[2:], 16)
        is_character = code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
        return chr(code) if is_character else text
    return SIMPLE_ESCAPES.get(text[1], text)
