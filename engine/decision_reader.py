"""DMN files to decisions, knowledge models and services, with everything that is wrong found at once.

Reads DMN 1.1 to 1.5 with FEEL in its cells. A faulty cell is a finding, not an exception, so that an author sees all of
them; what is no DMN file at all is refused. Other languages than FEEL are findings too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from engine.decision_boxes import NAMESPACES, Boxes, children, text_of
from engine.decision_item_types import item_types
from engine.decision_model import (
    DecisionError,
    DecisionFile,
    DecisionSource,
    Finding,
    Import,
    Input,
    InputData,
    KnowledgeModel,
    LiteralExpression,
    Output,
    Rule,
    Service,
    Table,
)
from engine.decision_types import ANY, ItemType, TypeMismatch, type_named, typed
from engine.feel import (
    Expression,
    FeelSyntaxError,
    UnaryTests,
    compile_expression,
    compile_unary_tests,
    literal_values,
    nodes,
)
from engine.feel.compile import compile_node
from engine.feel.tokens import KEYWORDS
from engine.markup import MarkupRefused, Node, local, namespace, parse_xml

__all__ = ["DecisionError", "Imported", "Table", "imports_of", "namespace_of", "read_file"]

HIT_POLICIES = ("UNIQUE", "FIRST", "PRIORITY", "ANY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
AGGREGATIONS = ("", "SUM", "COUNT", "MIN", "MAX")
# What the standard draws in the corner of a table, which some tools also write. Source: DMN 1.3 table 29
INITIALS = {policy[0]: policy for policy in HIT_POLICIES}
SYMBOLS = {"C+": "SUM", "C#": "COUNT", "C<": "MIN", "C>": "MAX"}
READ_AS_FEEL = ("", "feel", "FEEL")
NAMED = ("variable", "inputData", "decision", "businessKnowledgeModel", "decisionService", "formalParameter", "column")
C = TypeVar("C", Expression, UnaryTests)
Imported = Mapping[str, tuple[Import, DecisionFile]]
"""The files that a file imports, by namespace."""
Compile = Callable[[str, tuple[str, ...], frozenset[str]], C]


def read_file(xml: bytes, *, file: str, imported: Imported) -> DecisionFile:
    """Read everything of a file; `imported` are the files that it imports, as far as they were found.

    Raises:
        DecisionError: not XML that may be read, not DMN, or an id is missing or comes twice.
    """
    root = _definitions(xml, file)
    shared = _Shared(file, root, imported)
    sources = tuple(_Reader(shared).decision(node) for node in children(root, "decision"))
    ids = [source.id for source in sources]
    for source in sources:
        if not source.id or ids.count(source.id) > 1:
            what = f"the id {source.id!r} comes twice" if source.id else "a decision has no id"
            raise DecisionError(f"{file}: {what}. Give every decision an id of its own.")
    models = tuple(_Reader(shared).model(node) for node in children(root, "businessKnowledgeModel"))
    services = tuple(_service(node, shared, sources) for node in children(root, "decisionService"))
    return DecisionFile(
        namespace=shared.namespace,
        imports=shared.imports,
        types=shared.types,
        inputs=shared.input_data,
        declared=shared.declared,
        decisions=sources,
        models=models,
        services=services,
    )


def imports_of(xml: bytes, *, file: str) -> tuple[Import, ...]:
    """The files of decisions that a file imports; other kinds are told of by `read_file`.

    Raises:
        DecisionError: not XML that may be read, or not DMN.
    """
    return tuple(_import(node) for node in _imports(_definitions(xml, file)) if _is_of_decisions(node))


def namespace_of(xml: bytes, *, file: str) -> str:
    """The namespace by which others import the file.

    Raises:
        DecisionError: not XML that may be read, or not DMN.
    """
    return _definitions(xml, file).get("namespace", "")


def _definitions(xml: bytes, file: str) -> Node:
    try:
        root = parse_xml(xml)
    except MarkupRefused as error:
        raise DecisionError(f"{file}: {error}") from error
    if namespace(root) not in NAMESPACES or local(root) != "definitions":
        raise DecisionError(f"{file}: This is not a DMN file of version 1.1 to 1.5. Save it in a DMN modeler.")
    return root


def _imports(root: Node) -> Iterator[Node]:
    return children(root, "import")


def _is_of_decisions(node: Node) -> bool:
    return node.get("importType", "") in NAMESPACES


def _import(node: Node) -> Import:
    return Import(node.get("name", ""), node.get("namespace", ""), node.get("locationURI", ""))


class _Shared:
    """What every decision of a file may name: types, input data, functions, and names that need declaring."""

    def __init__(self, file: str, root: Node, imported: Imported) -> None:
        self.file = file
        self.language = root.get("expressionLanguage", "")
        self.namespace = root.get("namespace", "")
        self.imported = imported
        self.imports = tuple(one for one, _ in imported.values())
        self.findings: list[Finding] = [("file", message) for message in _not_imported(root, imported)]
        foreign = {f"{one.name}.{name}": of for one, other in imported.values() for name, of in other.types.items()}
        others = (name for one, other in imported.values() for name in (*_odd((one.name,)), *other.declared))
        self.declared = tuple(dict.fromkeys((*_odd_names(root), *others)))
        self.types: Mapping[str, ItemType] = item_types(root, self.declared, self.findings, foreign)
        self.input_data = {node.get("id", ""): self._input_data(node) for node in children(root, "inputData")}
        callable_nodes = children(root, "businessKnowledgeModel", "decisionService", "decision")
        self.functions = frozenset(name for node in callable_nodes for name in (_variable(node), node.get("name", "")))

    def _input_data(self, node: Node) -> InputData:
        return InputData(_variable(node), type_named(_variable_type(node), self.types))

    def reference(self, href: str) -> str:
        """The id, with the namespace before it where it stands in another file."""
        place, _, one = href.rpartition("#")
        return one if place in ("", self.namespace) else href

    def references(self, node: Node, what: str) -> tuple[str, ...]:
        return tuple(self.reference(one.get("href", "")) for one in children(node, what))

    def required(self, node: Node, requirement: str, what: str) -> tuple[str, ...]:
        return tuple(one for needs in children(node, requirement) for one in self.references(needs, what))

    def input_of(self, reference: str) -> InputData | None:
        place, _, one = reference.rpartition("#")
        if place not in self.imported:
            return self.input_data.get(reference)
        named, other = self.imported[place]
        found = other.inputs.get(one)
        return replace(found, place=named.name) if found else None

    def result_type(self, name: str) -> ItemType:
        """The type of what a function gives, whether its variable's type names the function or only the result."""
        of = type_named(name, self.types)
        return of.output if of.base == "function" else of


@dataclass
class _Reader:
    """Reads one decision or knowledge model and gathers what is wrong with it."""

    shared: _Shared
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.findings.extend(self.shared.findings)
        self.check_language_name(self.shared.language, "file")
        self.boxes = Boxes(self.say, self.table, self.type_named, self.shared.declared)

    def say(self, place: str, message: str) -> None:
        self.findings.append((place, message))

    def type_named(self, name: str) -> ItemType:
        return type_named(name, self.shared.types)

    def decision(self, node: Node) -> DecisionSource:
        identifier = node.get("id", "")
        variables = [child.get("name", "") for child in children(node, "variable")]
        body = self.body(node)
        required = self.shared.required
        inputs = (self.shared.input_of(one) for one in required(node, "informationRequirement", "requiredInput"))
        return DecisionSource(
            file=self.shared.file,
            id=identifier,
            name=node.get("name", "") or identifier,
            variable=(variables[0] if variables else "") or identifier,
            requires=required(node, "informationRequirement", "requiredDecision"),
            body=body,
            findings=tuple(self.findings),
            inputs=tuple(one for one in inputs if one is not None),
            knowledge=required(node, "knowledgeRequirement", "requiredKnowledge"),
            type=self.type_named(_variable_type(node)),
        )

    def model(self, node: Node) -> KnowledgeModel:
        logic = next(children(node, "encapsulatedLogic"), None)
        tree: nodes.Node = nodes.Literal(0, None)
        if logic is None:
            self.say("knowledge model", "It has no logic.")
        else:
            tree = self.returning(self.boxes.function(logic, "knowledge model"), node)
            self.findings.extend(("knowledge model", f"{p}.") for p in self.expression_of(tree).problems)
        return KnowledgeModel(
            id=node.get("id", ""),
            name=_variable(node),
            function=compile_node(tree),
            knowledge=self.shared.required(node, "knowledgeRequirement", "requiredKnowledge"),
            findings=tuple(self.findings),
        )

    def returning(self, function: nodes.Node, node: Node) -> nodes.Node:
        """A knowledge model's variable may say of which type its results are."""
        if not isinstance(function, nodes.FunctionOf):
            return function
        of = self.shared.result_type(_variable_type(node))
        body = self.boxes.checked_as(function.body, of, _variable(node))
        return nodes.FunctionOf(0, function.parameters, body)

    def expression_of(self, tree: nodes.Node) -> Expression:
        return Expression("", tree, self.shared.functions)

    def body(self, node: Node) -> Table | LiteralExpression | None:
        for table in children(node, "decisionTable"):
            return self.table(table)
        for literal in children(node, "literalExpression"):
            types = [child.get("typeRef", "") for child in children(node, "variable")]
            types.append(literal.get("typeRef", ""))
            expression = self.compiled(text_of(literal), compile_expression, "expression")
            self.check_language(literal, "expression")
            if expression is None and not self.findings:
                self.say("expression", "The expression is empty.")
            return LiteralExpression(expression, type=self.type_named(next(filter(None, types), "")))
        boxes = [child for child in node if isinstance(child.tag, str) and local(child) in _BOXED]
        if not boxes:
            self.say("decision", "It has neither a decision table nor a literal expression.")
            return None
        expression = self.expression_of(self.boxes.box(boxes[0], local(boxes[0])))
        self.findings.extend((local(boxes[0]), f"{problem}.") for problem in expression.problems)
        for literal in boxes[0].iter():
            if isinstance(literal.tag, str) and local(literal) == "literalExpression":
                self.check_language(literal, local(boxes[0]))
        return LiteralExpression(expression, type=self.type_named(_variable_type(node)))

    def table(self, node: Node) -> Table:
        hit_policy, aggregation = _hit_policy(node)
        inputs = tuple(self.input(child, number) for number, child in enumerate(children(node, "input"), 1))
        outputs = tuple(self.output(child, number) for number, child in enumerate(children(node, "output"), 1))
        rules = tuple(
            self.rule(child, number, inputs, outputs) for number, child in enumerate(children(node, "rule"), 1)
        )
        table = Table(hit_policy, aggregation, inputs, outputs, rules)
        self.check_table(table)
        return table

    def check_table(self, table: Table) -> None:
        if table.hit_policy not in HIT_POLICIES:
            self.say("table", f"The hit policy {table.hit_policy!r} is not one of {', '.join(HIT_POLICIES)}.")
        if table.aggregation not in AGGREGATIONS:
            self.say("table", f"The aggregation {table.aggregation!r} is not one of SUM, COUNT, MIN, MAX.")
        if table.aggregation and (table.hit_policy != "COLLECT" or len(table.outputs) != 1):
            self.say("table", "An aggregation needs the hit policy COLLECT and one output.")
        if table.hit_policy in ("PRIORITY", "OUTPUT ORDER") and not any(output.allowed for output in table.outputs):
            self.say("table", f"The hit policy {table.hit_policy} needs the list of allowed output values, best first.")
        if not table.outputs:
            self.say("table", "The table has no output.")
        if not table.rules:
            self.say("table", "The table has no rule.")
        names = [output.name for output in table.outputs]
        if len(names) > 1 and (not all(names) or len(set(names)) < len(names)):
            self.say("table", "Several outputs need names, each its own.")

    def input(self, node: Node, number: int) -> Input:
        expressions = list(children(node, "inputExpression"))
        text = text_of(expressions[0]) if expressions else ""
        label = node.get("label") or text or str(number)
        place = f"input {label!r}"
        if not text:
            self.say(place, "The input has no expression.")
        for expression in expressions:
            self.check_language(expression, place)
        allowed = "".join(text_of(child) for child in children(node, "inputValues"))
        type_ = expressions[0].get("typeRef", "") if expressions else ""
        item_type = self.type_named(type_)
        return Input(
            label=label,
            expression=self.compiled(text, compile_expression, place),
            allowed=literal_values(allowed) or item_type.listed,
            type=type_,
            item_type=item_type,
        )

    def output(self, node: Node, number: int) -> Output:
        name = node.get("name", "")
        label = node.get("label") or name or str(number)
        place = f"output {label!r}"
        allowed = "".join(text_of(child) for child in children(node, "outputValues"))
        default = "".join(text_of(child) for child in children(node, "defaultOutputEntry"))
        item_type = self.type_named(node.get("typeRef", ""))
        return Output(
            name=name,
            label=label,
            type=node.get("typeRef", ""),
            allowed=literal_values(allowed) or item_type.listed,
            default=self.compiled(default, compile_expression, f"{place}, default"),
            item_type=item_type,
        )

    def rule(self, node: Node, number: int, inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> Rule:
        place = f"rule {number}"
        cells, entries = list(children(node, "inputEntry")), list(children(node, "outputEntry"))
        if len(cells) != len(inputs) or len(entries) != len(outputs):
            self.say(place, "It has another number of cells than the table has columns.")
        tests: list[UnaryTests | None] = []
        for cell, column in zip(cells, inputs, strict=False):
            where = f"{place}, input {column.label!r}"
            self.check_language(cell, where)
            tests.append(self.compiled(text_of(cell), compile_unary_tests, where))
            self.check_listed(text_of(cell), column.allowed, where)
        results: list[Expression | None] = []
        for entry, output in zip(entries, outputs, strict=False):
            where = f"{place}, output {output.label!r}"
            self.check_language(entry, where)
            results.append(self.compiled(text_of(entry), compile_expression, where))
            self.check_listed(text_of(entry), output.allowed, where)
            self.check_type(text_of(entry), output.item_type, where)
        return Rule(number, tuple(tests), tuple(results))

    def compiled(self, text: str, compile_text: Compile[C], place: str) -> C | None:
        if not text:
            return None
        try:
            compiled = compile_text(text, self.shared.declared, self.shared.functions)
        except FeelSyntaxError as error:
            self.say(place, f"{text!r} is not FEEL: {error}.")
            return None
        for problem in compiled.problems:
            self.say(place, f"{text!r}: {problem}.")
        return compiled

    def check_language(self, node: Node, place: str) -> None:
        self.check_language_name(node.get("expressionLanguage", ""), place)

    def check_language_name(self, language: str, place: str) -> None:
        if language not in READ_AS_FEEL and "FEEL" not in language:
            self.say(place, f"It is written in {language!r}. Write it in FEEL.")

    def check_listed(self, text: str, allowed: tuple[object, ...], place: str) -> None:
        """A text outside the column's own list of values is a slip of the pen that would never match."""
        for value in literal_values(text) if allowed else ():
            if isinstance(value, str) and value not in allowed:
                self.say(place, f"{value!r} is not one of the column's allowed values.")

    def check_type(self, text: str, type_: ItemType, place: str) -> None:
        for value in literal_values(text):
            try:
                typed(value, type_)
            except TypeMismatch as error:
                self.say(place, f"{error}.")


_BOXED = (
    *("context", "list", "relation", "invocation", "functionDefinition"),
    *("conditional", "filter", "for", "some", "every"),
)


def _hit_policy(node: Node) -> tuple[str, str]:
    """The hit policy and the aggregation in full, from their names, initials or symbols."""
    policy = node.get("hitPolicy", "UNIQUE").strip().upper().replace("_", " ")
    aggregation = node.get("aggregation", "").strip().upper()
    if policy in SYMBOLS:
        return "COLLECT", SYMBOLS[policy]
    return INITIALS.get(policy, policy), aggregation


def _service(node: Node, shared: _Shared, sources: tuple[DecisionSource, ...]) -> Service:
    decisions = {source.id: source for source in sources}
    inputs = [found for one in shared.references(node, "inputData") if (found := shared.input_of(one))]
    input_decisions = shared.references(node, "inputDecision")
    given = [(one.name, one.type) for one in inputs]
    given += [
        (decisions[one].variable, decisions[one].type) if one in decisions else (one, ANY) for one in input_decisions
    ]
    return Service(
        id=node.get("id", ""),
        name=_variable(node),
        outputs=shared.references(node, "outputDecision"),
        input_decisions=input_decisions,
        parameters=tuple(name for name, _ in given),
        types=tuple(of for _, of in given),
        type=shared.result_type(_variable_type(node)),
    )


def _not_imported(root: Node, imported: Imported) -> Iterator[str]:
    for node in _imports(root):
        one = _import(node)
        what = repr(one.name or one.file or one.namespace)
        if not _is_of_decisions(node):
            yield f"It imports {what}, which is no DMN file. Copy what it needs from there into this file."
        elif one.namespace not in imported:
            yield f"It imports {what}, which is not beside it. Put that file into the same folder, or into this file."


def _variable(node: Node) -> str:
    """The name under which others see it: its variable's, else its own."""
    named = [child.get("name", "") for child in children(node, "variable")]
    return next(filter(None, (*named, node.get("name", ""), node.get("id", ""))), "")


def _variable_type(node: Node) -> str:
    return next((child.get("typeRef", "") for child in children(node, "variable")), "")


def _odd_names(root: Node) -> Iterator[str]:
    nodes_ = (node for node in root.iter() if isinstance(node.tag, str) and local(node) in (*NAMED, "itemComponent"))
    return _odd(node.get("name", "") for node in nodes_)


def _odd(names: Iterable[str]) -> Iterator[str]:
    """Names that FEEL can tell from a calculation only when it knows them: "loan-to-value", "days in arrears"."""
    for name in names:
        words = re.split(r"\s+", name.strip())
        if re.search(r"[^\w\s]", name) or (len(words) > 1 and not KEYWORDS.isdisjoint(words)):
            yield name
