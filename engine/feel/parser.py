"""Tokens to a tree: a hand-written Pratt parser for the whole language.

Refuses deep nesting and endless chains, so that a tree is never too deep to walk.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.feel import nodes
from engine.feel.cursor import MAX_DEPTH, Cursor
from engine.feel.errors import FeelSyntaxError
from engine.feel.nodes import ANY_TYPE, FeelType, Node
from engine.feel.temporal import parse_temporal
from engine.feel.tokens import Token, unescape
from engine.feel.values import NUMBERS

MAX_CHAIN = 200  # operators one after the other

# How strongly an operator holds on to what stands to its left. Source: DMN 1.3 10.3.1.2, order of rules 4 to 51
POWER = {
    **dict.fromkeys(("or",), 1),
    **dict.fromkeys(("and",), 2),
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "in", "between"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/"), 5),
    **dict.fromkeys(("**",), 6),
    **dict.fromkeys(("instance",), 8),
    **dict.fromkeys((".", "[", "("), 9),
}
OR_POWER, COMPARISON_POWER, MINUS_POWER = 0, 3, 8  # "-1" is a numeral, so "-1 instance of number" asks of -1
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
MEANT = {"=>": ">=", "=<": "<=", "<>": "!="}
CONSTANTS = {"true": True, "false": False, "null": None}
PARAMETER_SYMBOLS = (".", "/", "-", "'", "+", "*")  # operator characters that a parameter's name may hold


def parse_expression(source: str, declared: Iterable[str] = ()) -> Node:
    """Parse one expression; `declared` are names that hold operator characters or keywords, "loan-to-value".

    Raises:
        FeelSyntaxError: says where, and often what to write instead.
    """
    parser = Parser(source, declared)
    if parser.at(*COMPARISONS):
        parser.fail(
            f"an expression cannot start with {parser.token.text!r}",
            hint="the = of a diagram's field is not part of it" if parser.token.text == "=" else "",
        )
    return parser.to_end(parser.expression())


def parse_unary_tests(source: str, declared: Iterable[str] = ()) -> Node:
    """Parse a decision table's cell: "-", not(...), or tests separated by commas.

    Raises:
        FeelSyntaxError: says where, and often what to write instead.
    """
    parser = Parser(source, declared)
    if parser.at("-") and parser.following.kind == "end":
        parser.advance()
        return parser.to_end(nodes.AnyValue(0))
    position = parser.token.position
    if parser.token.text == "not" and parser.following.text == "(":
        parser.advance()
        parser.advance()
        tests = parser.in_brackets(")")
        return parser.to_end(nodes.NoneOf(position, tests))
    return parser.to_end(nodes.AnyOf(position, parser.series()))


class Parser(Cursor):
    """One method for each construct of the grammar."""

    # Expressions

    def expression(self, power: int = OR_POWER) -> Node:
        """Everything that holds together more strongly than `power`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"nested more than {MAX_DEPTH} deep")
        filters, left, chain = self.filters, self.prefix(), 0
        while self.token.kind in ("operator", "keyword") and POWER.get(self.token.text, 0) > power:
            if self.at("[") and not filters:
                break
            chain += 1
            if chain > MAX_CHAIN:
                self.fail(f"more than {MAX_CHAIN} operators one after the other")
            left = self.infix(left, self.advance())
        self.depth -= 1
        return left

    def infix(self, left: Node, operator: Token) -> Node:
        text, position = operator.text, operator.position
        if text in ("and", "or"):
            return nodes.Junction(position, text, left, self.expression(POWER[text]))
        if text in COMPARISONS:
            return nodes.Comparison(position, text, left, self.expression(COMPARISON_POWER))
        if text == "in":
            return nodes.In(position, left, self.tests_of_in())
        if text == "between":
            low = self.expression(COMPARISON_POWER)
            self.need("and")
            return nodes.Between(position, left, low, self.expression(COMPARISON_POWER))
        if text == "instance":
            if self.token.text != "of":
                self.fail("expected 'of' after 'instance'")
            self.advance()
            return nodes.InstanceOf(position, left, self.type())
        if text == ".":
            return nodes.Path(position, left, self.name())
        if text == "[":
            condition = self.nested()
            self.need("]")
            return nodes.Filter(position, left, condition)
        if text == "(":
            names, values = self.arguments()
            return nodes.Call(position, left, values, names)
        return nodes.Arithmetic(position, text, left, self.expression(POWER[text]))

    def tests_of_in(self) -> tuple[Node, ...]:
        """x in (1, < 5) is a list of tests; x in (1..5) and x in (a + b) * c are one expression."""
        start = self.index
        if self.take("("):
            tests = self.series(nested=True)
            if len(tests) > 1:
                self.need(")")
                return tests
            self.index = start
        return (self.expression(COMPARISON_POWER),)

    def prefix(self) -> Node:
        token = self.token
        text, position = token.text, token.position
        if token.kind == "number":
            return self.number()
        if token.kind == "string":
            self.advance()
            return nodes.Literal(position, unescape(text[1:-1]))
        if token.kind == "end":
            self.fail("the expression stops too early" if position else "the expression is empty")
        if token.kind == "word" or self.declared_here()[0]:
            return nodes.Variable(position, self.name())
        if text in CONSTANTS:
            self.advance()
            return nodes.Literal(position, CONSTANTS[text])
        if text in COMPARISONS:
            return self.test()
        match text:
            case "-":
                self.advance()
                return nodes.Negation(position, self.expression(MINUS_POWER))
            case "@":
                return self.temporal_literal()
            case "(" | "[" | "]":
                return self.brackets()
            case "{":
                return self.context()
            case "if":
                return self.conditional()
            case "for" | "some" | "every":
                return self.iteration()
            case "function":
                return self.function()
        return nodes.Variable(position, self.name())  # fails, with the right message

    def number(self) -> Node:
        token = self.advance()
        try:
            return nodes.Literal(token.position, NUMBERS.create_decimal(token.text))
        except ArithmeticError:
            self.fail("this number is too big", token.position)

    def temporal_literal(self) -> Node:
        """@"2026-11-22"."""
        position = self.advance().position
        if self.token.kind != "string":
            self.fail('expected a text after @, such as @"2026-11-22"')
        text = unescape(self.advance().text[1:-1])
        return nodes.TemporalLiteral(position, parse_temporal(text), text)

    def test(self) -> Node:
        token = self.advance()
        before = self.tokens[self.index - 2] if self.index > 1 else None
        if before is not None and before.text in COMPARISONS and not self.is_test_compared(before, token):
            is_double = token.text == "=" and before.text == "="
            meant = MEANT.get(before.text + token.text, "")
            hint = "write one = to compare" if is_double else f"did you mean {meant}?" if meant else ""
            self.fail("two comparisons in a row", token.position, hint)
        return nodes.Test(token.position, token.text, self.expression(COMPARISON_POWER))

    def is_test_compared(self, before: Token, token: Token) -> bool:
        """Tell `range("[2..)") = >= 2` from the slip of the pen `a => 2`."""
        is_apart = token.position > before.position + len(before.text)
        return is_apart and before.text in ("=", "!=") and token.text not in ("=", "!=")

    def conditional(self) -> Node:
        position = self.advance().position
        condition = self.expression()
        self.need("then")
        then = self.expression()
        self.need("else")
        return nodes.If(position, condition, then, self.expression())

    # Brackets

    def nested(self, power: int = OR_POWER) -> Node:
        """An expression inside brackets, where filters are allowed again."""
        before, self.filters = self.filters, True
        node = self.expression(power)
        self.filters = before
        return node

    def series(self, *, nested: bool = False) -> tuple[Node, ...]:
        parse = self.nested if nested else self.expression
        items = [parse()]
        while self.take(","):
            items.append(parse())
        return tuple(items)

    def in_brackets(self, closing: str) -> tuple[Node, ...]:
        items = self.series(nested=True)
        self.need(closing)
        return items

    def brackets(self) -> Node:
        """(a), [a, b], (1..5], ]1..5[."""
        opening = self.advance()
        if opening.text == "[" and self.take("]"):
            return nodes.ListOf(opening.position, ())
        first = self.nested(COMPARISON_POWER if opening.text == "]" else OR_POWER)
        if self.take(".."):
            return self.range(first, opening)
        if opening.text == "(":
            self.need(")")
            return first
        if opening.text == "]":
            self.fail("expected '..'")
        rest = self.series(nested=True) if self.take(",") else ()
        self.need("]", ",")
        return nodes.ListOf(opening.position, (first, *rest))

    def range(self, low: Node, opening: Token) -> Node:
        start, depth, before = self.index, self.depth, self.filters
        try:
            high = self.nested(COMPARISON_POWER)
            closing = self.need("]", ")", "[")
        except FeelSyntaxError:  # [1..10[ : the last bracket opens no filter
            self.index, self.depth, self.filters = start, depth, False
            high = self.expression(COMPARISON_POWER)
            closing = self.need("]", ")", "[")
        self.filters = before
        return nodes.RangeOf(opening.position, low, high, opening.text == "[", closing.text == "]")

    def context(self) -> Node:
        position = self.advance().position
        entries: list[tuple[str, Node]] = []
        while not self.at("}"):
            key = self.new_name(":", "}")
            self.need(":")
            entries.append((key, self.nested()))
            if not self.take(","):
                break
        self.need("}", ",")
        return nodes.ContextOf(position, tuple(entries))

    # Loops and functions

    def iteration(self) -> Node:
        keyword = self.advance()
        loops: list[tuple[str, Node]] = []
        while not loops or self.take(","):
            name = self.new_name("in")
            self.need("in")
            loops.append((name, self.steps()))
        self.need("return" if keyword.text == "for" else "satisfies")
        body = self.expression()
        if keyword.text == "for":
            return nodes.For(keyword.position, tuple(loops), body)
        return nodes.Quantified(keyword.position, keyword.text, tuple(loops), body)

    def steps(self) -> Node:
        low = self.expression()
        if self.take(".."):
            return nodes.Steps(low.position, low, self.expression(COMPARISON_POWER))
        return low

    def function(self) -> Node:
        position = self.advance().position
        self.need("(")
        parameters: list[tuple[str, FeelType]] = []
        while not self.at(")"):
            name = self.new_name(":", ",", ")")
            parameters.append((name, self.type() if self.take(":") else ANY_TYPE))
            if not self.take(","):
                break
        self.need(")")
        if self.at("external"):
            self.fail("external functions are not supported")
        return nodes.FunctionOf(position, tuple(parameters), self.expression())

    def arguments(self) -> tuple[tuple[str, ...] | None, tuple[Node, ...]]:
        """(names or None, values) of a call, after its opening bracket."""
        names: list[str] = []
        values: list[Node] = []
        while not self.at(")"):
            if self.at_argument_name():
                names.append(self.new_name(":"))
                self.need(":")
            values.append(self.nested())
            if not self.take(","):
                break
        self.need(")", ",")
        if names and len(names) != len(values):
            self.fail("name all arguments or none")
        return (tuple(names) or None), tuple(values)

    def at_argument_name(self) -> bool:
        ahead = self.index
        while self.tokens[ahead].kind in ("word", "keyword", "number") or self.tokens[ahead].text in PARAMETER_SYMBOLS:
            ahead += 1
        return ahead > self.index and self.tokens[ahead].text == ":"
