"""FEEL, the one language of expressions in diagrams, forms and decision tables.

Evaluates text against plain data and nothing else: no attribute, file or clock of the machine can be reached, and the
work of one evaluation is bounded. Bad data give null with a note, never an exception.

    compile_expression("request.amount > 100").evaluate({"request": {"amount": 120}}, now=now)
"""

from engine.feel.builtins import BUILTINS
from engine.feel.errors import FeelError, FeelLimit, FeelSyntaxError, Note
from engine.feel.expression import (
    Evaluated,
    Expression,
    UnaryTests,
    compile_expression,
    compile_unary_tests,
    literal_values,
)
from engine.feel.names import Name
from engine.feel.values import Function, Months, Range, kind, to_plain

__all__ = [
    "BUILTINS",
    "Evaluated",
    "Expression",
    "FeelError",
    "FeelLimit",
    "FeelSyntaxError",
    "Function",
    "Months",
    "Name",
    "Note",
    "Range",
    "UnaryTests",
    "compile_expression",
    "compile_unary_tests",
    "kind",
    "literal_values",
    "to_plain",
]
