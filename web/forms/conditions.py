"""When a question counts, in words: for whoever sees all questions of a form at once because no script hides any.

Understands the conditions that forms are full of: an answer that is, or is not, one of some values. Of any other it is
only said that the question may not apply; the server decides all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from web.forms.kinds import Question

_COMPARED = re.compile(r'([\w.]+)\s*(!=|=)\s*("[^"]*"|true|false|null)')
_NOT = re.compile(r"not\((.*)\)")
APPLIES = "Only if it applies:"
Test = tuple[str, bool, list[str]]


def condition_in_words(hide: str, questions: Mapping[str, Question], evaluate: Callable[[str], object]) -> str | None:
    """Return when a question counts; None where it does not, whatever is answered on this form.

    `hide` is when it does not. `questions` are those of the form, by key.
    """
    tests: list[Test | None] = []
    for part in _split(hide, " or "):
        if not any(re.search(rf"\b{re.escape(key)}\b", part) for key in questions):
            if evaluate(part) is True:
                return None
        else:
            tests.append(_test(part))
    known = [test for test in tests if test is not None and test[0] in questions]
    named = {key for key, _, values in known if values != ["null"]}
    said = [_said(test, questions[test[0]]) for test in known if test[2] != ["null"] or test[0] not in named]
    return f"Only if {' and '.join(dict.fromkeys(said))}:" if said and len(known) == len(tests) else APPLIES


def _test(part: str) -> Test | None:
    """Return (key, whether it is to be one of the values for the question to count, values); None for another shape."""
    inner = _NOT.fullmatch(part)
    joined, wanted, operator = (inner[1], " or ", "=") if inner else (part, " and ", "!=")
    compared = [_COMPARED.fullmatch(piece) for piece in _split(joined, wanted)]
    if not compared or not all(compared):
        return None
    found = [(match[1], match[2], match[3]) for match in compared if match]
    keys, operators = {key for key, _, _ in found}, {used for _, used, _ in found}
    if len(keys) != 1:
        return None
    values = [value.strip('"') for _, _, value in found]
    if operators == {operator}:
        return found[0][0], True, values
    return (found[0][0], False, values) if len(found) == 1 and inner is None else None


def _said(test: Test, question: Question) -> str:
    _, is_wanted, values = test
    asked = f"“{question.component.label.rstrip(' :')}”"
    if values == ["null"]:
        return f"{asked} is {'not ' if is_wanted else ''}answered"
    if question.component.type == "checkbox":
        return f"{asked} is {'' if (values == ['true']) is is_wanted else 'not '}ticked"
    labels = {option.value: option.label for option in question.options}
    return f"{asked} is {'' if is_wanted else 'not '}{_either([f'“{labels.get(value, value)}”' for value in values])}"


def _either(said: Sequence[str]) -> str:
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"


def _split(text: str, word: str) -> list[str]:
    """Split at a word that stands in no brackets and no quotes."""
    parts, depth, is_quoted, start, place = [], 0, False, 0, 0
    while place < len(text):
        char = text[place]
        is_quoted ^= char == '"'
        if not is_quoted:
            depth += (char == "(") - (char == ")")
            if depth == 0 and text.startswith(word, place):
                parts.append(text[start:place])
                start = place = place + len(word)
                continue
        place += 1
    return [part.strip() for part in [*parts, text[start:]]]
