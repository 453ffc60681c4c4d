"""The tree to one closure: which construct becomes which, and which names are bound inside the text.

A call of a name that the text does not bind itself goes straight to the built-in function, so that a field called
`date` or `count` never hides a function.
"""

from __future__ import annotations

from engine.feel import loops, nodes, operators, structures
from engine.feel.builtins import BUILTINS
from engine.feel.names import free_names
from engine.feel.nodes import Node
from engine.feel.scope import Evaluate

Bound = frozenset[str]
NOTHING_BOUND: Bound = frozenset()
INPUT = "?"  # a decision table's input in its cells


def compile_node(node: Node, bound: Bound = NOTHING_BOUND) -> Evaluate:
    """Compile one node; `bound` are the names that the text around it introduces."""
    match node:
        case nodes.Literal(value=value):
            return lambda scope: value
        case nodes.Variable():
            found = structures.variable(node, None if node.name in bound else BUILTINS.get(node.name))
            return structures.name_or_path(node, found) if "." in node.name else found
        case nodes.Path():
            return _path(node, bound)
        case nodes.Filter():
            source = compile_node(node.source, bound)
            return structures.filtered(node, source, compile_node(node.condition, bound | {"item"}))
        case nodes.Call():
            return _call(node, bound)
        case nodes.ListOf():
            return structures.list_of([compile_node(item, bound) for item in node.items])
        case nodes.ContextOf():
            return _context(node, bound)
        case nodes.RangeOf():
            return structures.range_of(node, compile_node(node.low, bound), compile_node(node.high, bound))
        case nodes.Steps():
            return structures.steps(compile_node(node.low, bound), compile_node(node.high, bound))
        case nodes.For() | nodes.Quantified():
            return _loop(node, bound)
        case nodes.FunctionOf():
            inner = bound | {name for name, _ in node.parameters}
            return loops.function_of(node, compile_node(node.body, inner))
        case nodes.Embedded():
            return node.evaluate
        case nodes.Checked():
            return structures.checked(node, compile_node(node.value, bound))
        case nodes.AnyValue() | nodes.AnyOf() | nodes.NoneOf():
            return _cell(node, bound)
        case _:
            return _operator(node, bound)


def _operator(node: Node, bound: Bound) -> Evaluate:
    parts = [compile_node(child, bound) for child in nodes.children(node)]
    match node:
        case nodes.Arithmetic():
            return operators.arithmetic(node, *parts)
        case nodes.Negation():
            return operators.negation(node, *parts)
        case nodes.Comparison():
            return operators.comparison(node, *parts)
        case nodes.Junction():
            return operators.junction(node, *parts)
        case nodes.Between():
            return operators.between(node, *parts)
        case nodes.In():
            return operators.membership(node, parts[0], parts[1:])
        case nodes.InstanceOf():
            return operators.instance_of(node, *parts)
        case nodes.If():
            return operators.conditional(*parts)
        case nodes.Test():
            return operators.standing_test(node, *parts)
    raise NotImplementedError(type(node).__name__)


def _path(node: nodes.Path, bound: Bound) -> Evaluate:
    steps: list[str] = []
    root: Node = node
    while isinstance(root, nodes.Path):
        steps.append(root.name)
        root = root.source
    if isinstance(root, nodes.Variable):
        return structures.dotted_variable(root, tuple(reversed(steps)))
    return structures.path(node, compile_node(node.source, bound))


def _context(node: nodes.ContextOf, bound: Bound) -> Evaluate:
    entries: list[tuple[str, Evaluate]] = []
    for key, value in node.entries:
        own = {key} if isinstance(value, nodes.FunctionOf) else set()
        entries.append((key, compile_node(value, bound | own)))
        bound = bound | {key}
    return structures.context_of(entries)


def _loop(node: nodes.For | nodes.Quantified, bound: Bound) -> Evaluate:
    compiled: list[tuple[str, Evaluate]] = []
    for name, source in node.loops:
        compiled.append((name, compile_node(source, bound)))
        bound = bound | {name}
    if isinstance(node, nodes.For):
        return loops.for_loop(node, compiled, compile_node(node.body, bound | {"partial"}))
    return loops.quantified(node, compiled, compile_node(node.body, bound))


def _call(node: nodes.Call, bound: Bound) -> Evaluate:
    arguments = [compile_node(argument, bound) for argument in node.arguments]
    callee = node.callee
    if isinstance(callee, nodes.Variable) and callee.name not in bound and callee.name in BUILTINS:
        return loops.call_of_builtin(node, callee.name, BUILTINS[callee.name], arguments)
    name = callee.name if isinstance(callee, (nodes.Variable, nodes.Path)) else "this"
    return loops.call_of_value(node, name, compile_node(callee, bound), arguments)


def _cell(node: nodes.AnyValue | nodes.AnyOf | nodes.NoneOf, bound: Bound) -> Evaluate:
    if isinstance(node, nodes.AnyValue):
        return lambda scope: True
    tests = [_cell_test(test, bound) for test in node.tests]
    return operators.any_of(tests) if isinstance(node, nodes.AnyOf) else operators.none_of(tests)


def _cell_test(node: Node, bound: Bound) -> Evaluate:
    test = compile_node(node, bound)
    if any(name.path[0] == INPUT for name in free_names(node)):
        return test
    return operators.cell_test(test, structures.variable(nodes.Variable(node.position, INPUT), None))
