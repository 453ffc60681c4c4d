"""Compiled texts: compile once, cached by text, evaluate often.

A compiled expression depends on its text alone, holds no state, and may be used by several threads at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice

from engine.calendar import Calendar, CalendarUse
from engine.feel import nodes
from engine.feel.browser import browser_differences
from engine.feel.compile import INPUT, compile_node
from engine.feel.doubts import doubts
from engine.feel.errors import FeelLimit, FeelSyntaxError, Note, located, syntax_error
from engine.feel.names import Name, free_names
from engine.feel.nodes import Node
from engine.feel.parser import parse_expression, parse_unary_tests
from engine.feel.problems import problems
from engine.feel.run import MAX_NOTES, Run
from engine.feel.scope import Evaluate, Scope
from engine.feel.values import UNCHANGED, from_python, to_python

CACHED_TEXTS = 20_000
NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A value, why something on the way became null, and which due dates were counted."""

    value: object
    notes: tuple[Note, ...]
    calendar_uses: tuple[CalendarUse, ...]


def _told(notes: Iterator[Note], text: str) -> tuple[str, ...]:
    return tuple(located(note, text) for note in islice(notes, MAX_NOTES))


class Compiled:
    """What expressions and cells have in common.

    `names` are the variables read from outside; `problems` are sentences about what can never work, `doubts` about what
    hardly says what was meant. `literals` are the values of a text that lists nothing else, `lone_names` the names that
    stand alone among a cell's tests, as `urgent` in `"late", urgent`.
    """

    def __init__(self, text: str, node: Node, functions: frozenset[str] = NO_NAMES) -> None:
        self.text = text
        self.names: tuple[Name, ...] = tuple(free_names(node, frozenset({INPUT})))
        self.problems: tuple[str, ...] = _told(problems(node, functions), text)
        self.doubts: tuple[str, ...] = _told(doubts(node), text)
        self.literals: tuple[object, ...] = _literals(node)
        self.lone_names: tuple[str, ...] = _lone_names(node)
        self._evaluate: Evaluate = compile_node(node)

    def value_in(self, scope: Scope) -> object:
        """The value among names that are there already, as part of a greater evaluation.

        Raises:
            FeelLimit: too much work.
        """
        return self._measured(scope)

    def _measured(self, scope: Scope) -> object:
        try:
            value = self._evaluate(scope)
            return value if type(value) in UNCHANGED else to_python(value, scope.run)
        except RecursionError:
            raise FeelLimit("the expression or its data is nested too deep") from None
        except ArithmeticError:  # a NaN among the host's numbers
            return scope.run.null(0, "a number that is none")


class Expression(Compiled):
    """One expression: a condition, a mapping, a due date, a correlation key."""

    def evaluate(self, names: Mapping[str, object], *, now: datetime, calendar: Calendar | None = None) -> object:
        """The value; null where the data do not fit. `now` is an aware instant, the same throughout.

        Raises:
            FeelLimit: too much work; an incident, the author must simplify.
        """
        return self._measured(Scope(names, None, Run(now, calendar)))

    @property
    def browser_differences(self) -> tuple[str, ...]:
        """What has another value in a browser's form viewer."""
        return _told(browser_differences(self.text, parse_expression(self.text)), self.text)

    def explain(self, names: Mapping[str, object], *, now: datetime, calendar: Calendar | None = None) -> Evaluated:
        """The value with the notes and due dates that led to it.

        Raises:
            FeelLimit: as `evaluate`.
        """
        run = Run(now, calendar)
        value = self._measured(Scope(names, None, run))
        return Evaluated(value, tuple(run.notes), tuple(run.calendar_uses))


class UnaryTests(Compiled):
    """A decision table's cell."""

    def pass_in(self, scope: Scope) -> bool:
        """Whether `?` of a scope passes, as part of a greater evaluation.

        Raises:
            FeelLimit: too much work.
        """
        return self._measured(scope) is True

    def matches(
        self, value: object, names: Mapping[str, object], *, now: datetime, calendar: Calendar | None = None
    ) -> bool:
        """Whether the input's value passes; a test that gives null does not.

        Raises:
            FeelLimit: as `Expression.evaluate`.
        """
        run = Run(now, calendar)
        outer = Scope(names, None, run)
        given = value if type(value) in UNCHANGED else from_python(value, run)
        return self._measured(Scope({INPUT: given}, outer, run)) is True


@lru_cache(CACHED_TEXTS)
def compile_expression(text: str, declared: tuple[str, ...] = (), functions: frozenset[str] = NO_NAMES) -> Expression:
    """Compile an expression, without the "=" that a diagram's field starts with.

    `declared`: names with operator characters or keywords in them; `functions`: those that the host will provide.

    Raises:
        FeelSyntaxError: the text is not FEEL; says where.
    """
    try:
        return Expression(text, parse_expression(text, declared), functions)
    except RecursionError:
        raise syntax_error("nested too deep", text, 0) from None


def literal_values(text: str) -> tuple[object, ...]:
    """The values of a cell that lists nothing but literals, such as `"a", "b"`; empty for any other text."""
    try:
        cell = parse_unary_tests(text)
    except FeelSyntaxError:
        return ()
    return _literals(cell)


def _literals(node: Node) -> tuple[object, ...]:
    tests = node.tests if isinstance(node, nodes.AnyOf) else (node,)
    values = [test.value for test in tests if isinstance(test, nodes.Literal)]
    return tuple(values) if len(values) == len(tests) else ()


def _lone_names(node: Node) -> tuple[str, ...]:
    tests = node.tests if isinstance(node, nodes.AnyOf | nodes.NoneOf) else ()
    return tuple(test.name for test in tests if isinstance(test, nodes.Variable) and test.name != INPUT)


@lru_cache(CACHED_TEXTS)
def compile_unary_tests(text: str, declared: tuple[str, ...] = (), functions: frozenset[str] = NO_NAMES) -> UnaryTests:
    """Compile a decision table's cell; the rest as `compile_expression`.

    Raises:
        FeelSyntaxError: the text is not FEEL; says where.
    """
    try:
        return UnaryTests(text, parse_unary_tests(text, declared), functions)
    except RecursionError:
        raise syntax_error("nested too deep", text, 0) from None
