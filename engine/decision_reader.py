"""DMN files to decisions, knowledge models and services, with everything that is wrong found at once.

Reads DMN 1.1 to 1.5 with FEEL in its cells. A faulty cell is a finding, not an exception, so that an author sees all of
them; what is no DMN file at all is refused. Other languages than FEEL are findings too.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.decision_boxes import Boxes, children, text_of
from engine.decision_model import (
    DecisionError,
    DecisionFile,
    DecisionSource,
    KnowledgeModel,
    LiteralExpression,
    Service,
    Table,
)
from engine.decision_names import Imported, Shared, definitions, type_of_variable, variable_of
from engine.decision_table_reader import TableReader
from engine.decision_types import ANY
from engine.feel import Expression, compile_expression, nodes
from engine.feel.compile import compile_node
from engine.markup import Node, local

__all__ = ["DecisionError", "Table", "read_file"]


def read_file(xml: bytes, *, file: str, imported: Imported) -> DecisionFile:
    """Read everything of a file; `imported` are the files that it imports, as far as they were found.

    Raises:
        DecisionError: not XML that may be read, not DMN, or an id is missing or comes twice.
    """
    root = definitions(xml, file)
    shared = Shared(file, root, imported)
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


@dataclass
class _Reader(TableReader):
    """Reads one decision or knowledge model and gathers what is wrong with it."""

    def __post_init__(self) -> None:
        self.findings.extend(self.shared.findings)
        self.unread.extend(self.shared.findings)
        self.check_language_name(self.shared.language, "file")
        self.boxes = Boxes(self.cannot_read, self.table, self.type_named, self.shared.declared)

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
            doubts=tuple(self.doubts),
            inputs=tuple(one for one in inputs if one is not None),
            knowledge=required(node, "knowledgeRequirement", "requiredKnowledge"),
            type=self.type_named(type_of_variable(node)),
            unread=tuple(self.unread),
        )

    def model(self, node: Node) -> KnowledgeModel:
        logic = next(children(node, "encapsulatedLogic"), None)
        tree: nodes.Node = nodes.Literal(0, None)
        if logic is None:
            self.cannot_read("knowledge model", "It has no logic.")
        else:
            tree = self.returning(self.boxes.function(logic, "knowledge model"), node)
            self.note("knowledge model", self.expression_of(tree))
        return KnowledgeModel(
            id=node.get("id", ""),
            name=variable_of(node),
            function=compile_node(tree),
            knowledge=self.shared.required(node, "knowledgeRequirement", "requiredKnowledge"),
            findings=tuple(self.findings),
            doubts=tuple(self.doubts),
            unread=tuple(self.unread),
        )

    def returning(self, function: nodes.Node, node: Node) -> nodes.Node:
        """A knowledge model's variable may say of which type its results are."""
        if not isinstance(function, nodes.FunctionOf):
            return function
        of = self.shared.result_type(type_of_variable(node))
        body = self.boxes.checked_as(function.body, of, variable_of(node))
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
                self.cannot_read("expression", "The expression is empty.")
            return LiteralExpression(expression, type=self.type_named(next(filter(None, types), "")))
        boxes = [child for child in node if isinstance(child.tag, str) and local(child) in _BOXED]
        if not boxes:
            self.cannot_read("decision", "It has neither a decision table nor a literal expression.")
            return None
        expression = self.expression_of(self.boxes.box(boxes[0], local(boxes[0])))
        self.note(local(boxes[0]), expression)
        for literal in boxes[0].iter():
            if isinstance(literal.tag, str) and local(literal) == "literalExpression":
                self.check_language(literal, local(boxes[0]))
        return LiteralExpression(expression, type=self.type_named(type_of_variable(node)))


_BOXED = (
    *("context", "list", "relation", "invocation", "functionDefinition"),
    *("conditional", "filter", "for", "some", "every"),
)


def _service(node: Node, shared: Shared, sources: tuple[DecisionSource, ...]) -> Service:
    decisions = {source.id: source for source in sources}
    inputs = [found for one in shared.references(node, "inputData") if (found := shared.input_of(one))]
    input_decisions = shared.references(node, "inputDecision")
    given = [(one.name, one.type) for one in inputs]
    given += [
        (decisions[one].variable, decisions[one].type) if one in decisions else (one, ANY) for one in input_decisions
    ]
    return Service(
        id=node.get("id", ""),
        name=variable_of(node),
        outputs=shared.references(node, "outputDecision"),
        input_decisions=input_decisions,
        parameters=tuple(name for name, _ in given),
        types=tuple(of for _, of in given),
        type=shared.result_type(type_of_variable(node)),
    )
