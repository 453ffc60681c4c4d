"""The place reached in a text: its tokens, and the two small things both values and names are made of, names and types.

Names may hold spaces. Two words side by side mean nothing else in FEEL, so neighbouring words are joined; only names
that hold a keyword or an operator character ("date and time") are declared, and the longest declared name wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NoReturn

from engine.feel.errors import FeelSyntaxError, quoted, syntax_error
from engine.feel.nodes import FeelType, Node
from engine.feel.tokens import Token, tokenize, unescape

MAX_DEPTH = 40  # brackets, ifs, minus signs ... inside each other
ODD_NAMES = ("date and time", "years and months duration", "days and time duration", "get or else")
HINTS_OF_WORDS = {
    **{word.upper(): f"write {word!r} in small letters" for word in ("and", "or", "in", "then", "else", "return")},
    **dict.fromkeys(("is", "equals", "eq"), "write = to compare, as in a = null"),
    **dict.fromkeys(("not",), "write != to compare, or not(...)"),
    "like": "write contains(...) or matches(...)",
    "to": "write 'and'",
    "where": "write 'satisfies'",
}
HINTS_OF_TOKENS = {
    "..": "write the range in brackets, [1..5]",
    ":": "write if ... then ... else ...",
    ",": "write a number without commas, or the list in brackets",
    "->": "write a dot before a field",
    "'": 'write texts in quotation marks, "like this"',
    ")": "a bracket is closed that was not opened",
    "]": "a bracket is closed that was not opened",
    "=": "write one expression; a script sets one result",
}
HINTS_OF_NEED = {("else", ""): "an if needs an else; write else null", (":", "}"): "write a colon after the key"}


Declared = dict[str, list[tuple[tuple[str, ...], str]]]
"""Names by their first word, each with all of its words."""


def _add_name(declared: Declared, name: str) -> None:
    try:
        words = tuple(token.text for token in tokenize(name)[:-1])
    except FeelSyntaxError:
        return  # can be reached as a quoted key only
    if len(words) > 1:
        declared.setdefault(words[0], []).append((words, name))


@lru_cache(64)
def _declared(names: tuple[str, ...]) -> Declared:
    """What a file declares for all of its texts, taken apart once."""
    declared: Declared = {}
    for name in (*ODD_NAMES, *names):
        _add_name(declared, name)
    return declared


class Cursor:
    """The tokens of one text and the place reached. `filters`: may a "[" that follows be a filter?"""

    def __init__(self, source: str, declared: Iterable[str] = ()) -> None:
        self.source = source
        self.tokens = tokenize(source)
        self.index = 0
        self.depth = 0
        self.filters = True
        self.declared = _declared(tuple(declared))
        self.own: Declared = {}  # names that this text introduces itself

    # Tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    @property
    def following(self) -> Token:
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)]

    def advance(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def at(self, *texts: str) -> bool:
        return self.token.text in texts and self.token.kind in ("operator", "keyword")

    def take(self, *texts: str) -> bool:
        if not self.at(*texts):
            return False
        self.index += 1
        return True

    def need(self, *texts: str) -> Token:
        if not self.at(*texts):
            found = quoted(self.token.text) if self.token.text else "the end"
            hint = HINTS_OF_NEED.get((texts[0], self.token.text), "")
            self.fail(f"expected {' or '.join(map(repr, texts))}, found {found}", hint=hint or self.hint_of_words())
        return self.advance()

    def to_end(self, node: Node) -> Node:
        if self.token.kind != "end":
            self.fail(f"did not expect {quoted(self.token.text)} here", hint=self.hint_here())
        return node

    def hint_here(self) -> str:
        """What was probably meant, of people who know other languages."""
        before = self.tokens[self.index - 1].text if self.index else ""
        return HINTS_OF_TOKENS.get(self.token.text) or HINTS_OF_WORDS.get(before) or self.hint_of_words()

    def hint_of_words(self) -> str:
        return HINTS_OF_WORDS.get(self.token.text, "")

    def fail(self, message: str, position: int | None = None, hint: str = "") -> NoReturn:
        raise syntax_error(message, self.source, self.token.position if position is None else position, hint)

    # Names

    def declare(self, name: str) -> None:
        """Let a name be found although it holds a keyword or an operator character."""
        _add_name(self.own, name)

    def declared_here(self) -> tuple[str, int]:
        """The longest declared name that starts here, and its number of tokens; ("", 0) if none does."""
        best, size = "", 0
        first = self.token.text
        for words, name in (*self.declared.get(first, ()), *self.own.get(first, ())):
            ahead = self.tokens[self.index : self.index + len(words)]
            if len(words) > size and tuple(token.text for token in ahead) == words:
                best, size = name, len(words)
        return best, size

    def name(self) -> str:
        best, size = self.declared_here()
        if not best and self.token.kind != "word":
            found = "the end" if self.token.kind == "end" else quoted(self.token.text)
            found = f"the keyword {found}" if self.token.kind == "keyword" else found
            hint = HINTS_OF_TOKENS["'"] if self.token.text == "'" else ""
            self.fail(f"expected a name or a value, found {found}", hint=hint)
        words = [best or self.token.text]
        self.index += size or 1
        while self.token.kind == "word" or self.token.is_whole_number:
            words.append(self.advance().text)
        return " ".join(words)

    def new_name(self, *stops: str) -> str:
        """A name being introduced: whatever stands before one of `stops`."""
        start = self.token
        if start.kind == "string":
            self.advance()
            return unescape(start.text[1:-1])
        while not self.at(*stops) and self.token.kind != "end":
            self.advance()
        name = " ".join(self.source[start.position : self.token.position].split())
        if not name or start.kind in ("number", "operator", "end"):
            self.fail("expected a name", start.position)
        self.declare(name)
        return name

    # Types

    def type(self) -> FeelType:
        """`number`, `list<number>`, `context<a: number>`, `function<number> -> string`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"nested more than {MAX_DEPTH} deep")
        if self.at("null"):  # "Null" is the type's name
            self.fail("write Null for the type of null")
        name = "function" if self.take("function") else self.name()
        parsed = FeelType(name)
        if name in ("list", "range", "function") and self.take("<"):
            parsed = FeelType(name, self.type_arguments())
        elif name == "context" and self.take("<"):
            parsed = FeelType(name, fields=self.type_fields())
        if name == "function" and self.take("->"):
            parsed = FeelType(name, (*parsed.of, self.type()))
        self.depth -= 1
        return parsed

    def type_arguments(self) -> tuple[FeelType, ...]:
        types: list[FeelType] = []
        while not self.at(">"):
            types.append(self.type())
            if not self.take(","):
                break
        self.need(">")
        return tuple(types)

    def type_fields(self) -> tuple[tuple[str, FeelType], ...]:
        found: list[tuple[str, FeelType]] = []
        while not self.at(">"):
            key = self.new_name(":")
            self.need(":")
            found.append((key, self.type()))
            if not self.take(","):
                break
        self.need(">")
        return tuple(found)
