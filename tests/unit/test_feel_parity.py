"""The server's FEEL beside the browser's (feelin): the forms' expressions, and what analysts write.

Where the two differ on purpose, the reason stands here, and the check warns of each such use.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.feel import BUILTINS, Months, compile_expression
from engine.feel.browser import NOT_THERE
from engine.feel.nodes import Literal, Node, children
from engine.feel.parser import parse_expression
from engine.feel.run import Run
from engine.feel.show import show
from engine.forms import read_form
from engine.lint import Known
from engine.lint.check import check_files

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).with_name("feel_corpus.txt")
SCRIPT = Path(__file__).with_name("feel_browser.mjs")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MOST_COMBINATIONS = 24

Case = tuple[str, dict[str, Any]]

# What the two evaluate differently, with the browser's value and why ours stands.
BINARY = "it counts in binary fractions, we in decimal ones, as the standard says"
MIXED = "it orders values of different types; to the standard these have no order"
LACKS = "it lacks this"
FAULT = "a fault there: the standard says otherwise"
PATTERNS = "our patterns run in linear time, which look-ahead and back references do not"
DIFFERENT: dict[str, tuple[Any, str]] = {
    "limit / count_of_letters * count_of_letters = limit": (True, BINARY),
    "0.1 + 0.2 = 0.3": (False, BINARY),
    "string(0.1 + 0.2)": ("0.30000000000000004", BINARY),
    "5 - 4.9 = 0.1": (False, BINARY),
    "19.99 * 100": (1998.9999999999998, BINARY),
    "1.1 * 1.1": (1.2100000000000002, BINARY),
    "1 / 3 = 0.3333333333333333": (True, BINARY),
    "round half up(1.005, 2)": (1, BINARY),
    "12345678901234567890 + 1": (12345678901234567000, BINARY),
    '120 > "100"': (True, MIXED),
    '"120" > 100': (True, MIXED),
    '5 between "1" and "9"': (True, MIXED),
    "1 < 2 < 3": (True, MIXED),
    'if 1 then "a" else "b"': ("a", "it takes a number for true; to the standard only true is"),
    "1e3": (1, FAULT),
    "5 in [10..1]": (True, "it turns the range round; to the standard it holds nothing"),
    "median(numbers)": (13.5, FAULT),
    "string(years and months duration(date(start), date(end)))": ("P1M5D", FAULT),
    'duration("P7D") / duration("P1D")': (None, FAULT),
    'duration("P7D") * 2 = duration("P14D")': (False, FAULT),
    "sort([3, 1, 2])": (None, LACKS),
    'get value({a: {b: 1}}, ["a", "b"])': (None, LACKS),
    'trim("  a b  ")': (None, LACKS),
    'split("abc", "")': (["a", "b", "c"], "an empty pattern matches at both ends too"),
    'substring("abc", 0)': ("c", FAULT),
    'matches("aa", "(a)\\\\1")': (True, PATTERNS),
    'matches("abc", "(?=a)")': (True, PATTERNS),
    '5 in range("[1..10]")': (None, LACKS),
    "get or else(null, 1)": ("Unrecognized token in <Disjunction>", LACKS),
    'months after(date("2026-11-22"), 1) > date("2026-11-22")': (None, LACKS),
}


def corpus() -> Iterator[tuple[str, dict[str, Any], Any]]:
    given: dict[str, Any] = {}
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        if line.startswith("@ "):
            given = json.loads(line[2:])
        elif line and not line.startswith("#"):
            text, _, value = line.rpartition(" => ")
            yield text, given, json.loads(value)


CASES = list(corpus())


def plain(value: object) -> Any:
    """A value as JSON has it; what JSON lacks as string() gives it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, date | time | timedelta | Months):
        return show(value, Run(NOW))
    return value


def ours(text: str, given: Mapping[str, Any]) -> Any:
    return plain(compile_expression(text).evaluate(given, now=NOW))


def answers(cases: list[Case]) -> list[dict[str, Any]]:
    """What the browser says of each; one process for all."""
    search = f"{os.environ.get('PATH', '')}{os.pathsep}{Path(sys.executable).parent}"
    node = shutil.which("node", path=search)
    assert node, "Node is missing: run `make tools`"
    asked = json.dumps([{"text": text, "given": given} for text, given in cases])
    done = subprocess.run([node, str(SCRIPT)], input=asked, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def browsers(cases: list[Case]) -> list[Any]:
    """The browser's values, or why it refuses the text."""
    return [answer.get("value", answer.get("refused")) for answer in answers(cases)]


def test_the_corpus_is_large_enough() -> None:
    assert len({text for text, _, _ in CASES}) >= 200


@pytest.mark.parametrize(("text", "given", "expected"), CASES, ids=[text for text, _, _ in CASES])
def test_what_analysts_write_has_the_value_they_expect(text: str, given: dict[str, Any], expected: Any) -> None:
    assert ours(text, given) == expected


def test_the_browser_gives_what_the_server_gives() -> None:
    found = browsers([(text, given) for text, given, _ in CASES])
    unlike = {text: value for (text, _, expected), value in zip(CASES, found, strict=True) if value != expected}
    assert unlike == {text: value for text, (value, _) in DIFFERENT.items()}


@pytest.mark.parametrize("text", DIFFERENT)
def test_the_check_warns_of_what_differs(text: str) -> None:
    form = {"id": "f", "components": [{"key": "a", "type": "textfield", "conditional": {"hide": f"={text}"}}]}
    found = check_files({"f.form": json.dumps(form).encode()}, frozenset({"f.form"}), known=Known())
    assert "expression-doubtful" in {finding.rule for finding in found if finding.severity == "warning"}


def test_the_check_seldom_warns_of_what_is_the_same() -> None:
    same = [text for text, _, _ in CASES if text not in DIFFERENT]
    warned = [text for text in same if compile_expression(text).browser_differences]
    assert len(warned) < len(same) / 20, warned


def test_the_functions_that_the_browser_lacks_are_known() -> None:
    said = answers([(f"{name}()", {}) for name in BUILTINS])
    assert {name for name, answer in zip(BUILTINS, said, strict=True) if answer["lacking"]} == NOT_THERE


def forms_expressions() -> list[str]:
    """Every condition of every form."""
    found: set[str] = set()
    for path in sorted(ROOT.glob("processes/**/*.form")):
        queue = list(read_form(path.read_bytes(), file=path.name).components)
        while queue:
            component = queue.pop()
            queue.extend(component.components)
            if component.hide is not None:
                found.add(component.hide)
    return sorted(found)


def literals(node: Node) -> Iterator[Any]:
    if isinstance(node, Literal):
        yield plain(node.value)
    for child in children(node):
        yield from literals(child)


def situations(text: str) -> Iterator[dict[str, Any]]:
    """Inputs that bring out each side of a condition: its own values, another, none, and lists for what is counted."""
    paths = list(dict.fromkeys(name.path for name in compile_expression(text).names))
    values = list(dict.fromkeys([*literals(parse_expression(text)), True, False, None, "something else"]))
    lists: list[Any] = [[], ["something else"], None]
    choices = [lists if f"count({'.'.join(path)})" in text or "list contains" in text else values for path in paths]
    for chosen in itertools.islice(itertools.product(*choices), MOST_COMBINATIONS):
        given: dict[str, Any] = {}
        for path, value in zip(paths, chosen, strict=True):
            inner = given
            for step in path[:-1]:
                inner = inner.setdefault(step, {})
            inner[path[-1]] = value
        yield given


def test_the_forms_conditions_are_the_same_in_the_browser() -> None:
    cases = [(text, given) for text in forms_expressions() for given in situations(text)]
    assert len({text for text, _ in cases}) > 50
    found = browsers(cases)
    unlike = [
        (text, given, ours(text, given), value)
        for (text, given), value in zip(cases, found, strict=True)
        if (ours(text, given) is True) != (value is True)
    ]
    assert unlike == []
    assert not [text for text in forms_expressions() if compile_expression(text).browser_differences]
