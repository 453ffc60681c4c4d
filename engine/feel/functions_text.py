"""Built-in functions on text. Patterns run on RE2, in linear time and bounded memory, hence without back references.

Source: DMN 1.3 10.3.4.3
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

import re2

from engine.feel.errors import FeelLimit, quoted
from engine.feel.functions import builtin, builtin_of_run
from engine.feel.run import MAX_LIST, MAX_TEXT, Run
from engine.feel.show import show

PATTERN_MEMORY = 1 << 20  # bytes that one compiled pattern may take
COST_OF_PATTERN = 2_500  # steps that compiling one counts as
REPLACEMENT_PIECE = re.compile(r"\$(\d)|\\([\\$])|([^$\\]+|.)", re.DOTALL)  # a group, an escaped character, text
BLANK_OUTSIDE_CLASS = re.compile(r"(\[(?:\\.|[^\]\\])*\])|\s")


class Match(Protocol):
    def __getitem__(self, group: int) -> str | None: ...


class Pattern(Protocol):
    """What of RE2's untyped object is used here."""

    groups: int

    def search(self, text: str) -> Match | None: ...
    def split(self, text: str, most: int) -> list[str]: ...
    def sub(self, expand: Callable[[Match], str], text: str) -> str: ...


@builtin_of_run("string", "from: any")
def string(run: Run, value: object) -> str | None:
    return None if value is None else show(value, run)


@builtin("string length", "string: string")
def string_length(text: str) -> Decimal:
    return Decimal(len(text))


@builtin("upper case", "string: string")
def upper_case(text: str) -> str:
    return text.upper()


@builtin("lower case", "string: string")
def lower_case(text: str) -> str:
    return text.lower()


@builtin("trim", "string: string")
def trim(text: str) -> str:
    return text.strip()


@builtin("contains", "string: string, match: string")
def contains(text: str, part: str) -> bool:
    return part in text


@builtin("starts with", "string: string, match: string")
def starts_with(text: str, part: str) -> bool:
    return text.startswith(part)


@builtin("ends with", "string: string, match: string")
def ends_with(text: str, part: str) -> bool:
    return text.endswith(part)


@builtin("substring before", "string: string, match: string")
def substring_before(text: str, part: str) -> str:
    return text.partition(part)[0] if part and part in text else ""


@builtin("substring after", "string: string, match: string")
def substring_after(text: str, part: str) -> str:
    return text.partition(part)[2] if part else text


@builtin("substring", "string: string, start position: number, [length: number]")
def substring(text: str, start: Decimal, length: Decimal | None = None) -> str:
    """Positions count from 1, or from the end if negative."""
    first = int(start)
    if first == 0:
        raise ValueError("positions start at 1")
    begin = first - 1 if first > 0 else len(text) + first
    if not 0 <= begin < max(1, len(text)):
        return ""
    if length is None:
        return text[begin:]
    return text[begin : begin + int(length)] if length >= 1 else ""


@functools.lru_cache(256)
def _pattern(pattern: str, flags: str) -> Pattern:
    if not set(flags) <= set("smix"):
        raise ValueError(f"unknown flags {quoted(flags)}")
    if "-[" in pattern:
        raise ValueError("taking characters out of a class, [a-[b]], is not supported")
    if "x" in flags:  # XPath: blanks outside [...] mean nothing, and # starts no comment
        pattern = BLANK_OUTSIDE_CLASS.sub(lambda match: match[1] or "", pattern)
    inline = "".join(flag for flag in "smi" if flag in flags)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY
    try:
        compiled: Pattern = re2.compile(f"(?{inline}){pattern}" if inline else pattern, options)
    except re2.error as error:
        raise ValueError(f"bad pattern {pattern[:80]!r}") from error
    return compiled


def _charged_pattern(run: Run, pattern: str, flags: str) -> Pattern:
    """The pattern; each new one counts once in an evaluation, whether or not an earlier evaluation had it compiled."""
    if (pattern, flags) not in run.patterns:
        run.patterns |= {(pattern, flags)}
        run.charge(COST_OF_PATTERN)
    return _pattern(pattern, flags)


@builtin_of_run("matches", "input: string, pattern: string, [flags: string|null]")
def matches(run: Run, text: str, pattern: str, flags: str | None = None) -> bool:
    return _charged_pattern(run, pattern, flags or "").search(text) is not None


@builtin_of_run("replace", "input: string, pattern: string, replacement: string, [flags: string|null]")
def replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None = None) -> str:
    """In the replacement $1 is the first group and \\$ a dollar."""
    compiled = _charged_pattern(run, pattern, flags or "")
    pieces = REPLACEMENT_PIECE.findall(replacement)
    size = 0

    def expand(match: Match) -> str:
        nonlocal size
        run.charge(1)
        made = "".join(
            _group(match, group, compiled.groups) if group else dollar or plain for group, dollar, plain in pieces
        )
        size += len(made)
        if size > MAX_TEXT:
            raise FeelLimit(f"replace makes a text of more than {MAX_TEXT} characters")
        return made

    return compiled.sub(expand, text)


def _group(match: Match, digit: str, groups: int) -> str:
    group = int(digit)
    return (match[group] or "") if group <= groups else ""


@builtin_of_run("split", "string: string, delimiter: string")
def split(run: Run, text: str, delimiter: str) -> list[str]:
    return _charged_pattern(run, delimiter, "").split(text, MAX_LIST)  # one more item is too many


@builtin_of_run("string join", "list: list, [delimiter: string|null]")
def string_join(run: Run, items: list[object], delimiter: str | None = None) -> str:
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) < sum(item is not None for item in items):
        raise ValueError("every item should be a string")
    run.charge_text(sum(map(len, texts)) + len(texts) * len(delimiter or ""))
    return (delimiter or "").join(texts)
