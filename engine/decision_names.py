"""What the parts of a DMN file call one another by: references, types, imports, and names that need declaring."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from engine.decision_boxes import NAMESPACES, children
from engine.decision_item_types import item_types
from engine.decision_model import DecisionError, DecisionFile, Finding, Import, InputData
from engine.decision_types import ItemType, type_named
from engine.feel.tokens import KEYWORDS
from engine.markup import MarkupRefused, Node, local, namespace, parse_xml

NAMED = (
    *("variable", "inputData", "decision", "businessKnowledgeModel", "decisionService", "formalParameter", "column"),
    "itemComponent",
)
MAX_ODD_NAMES, MAX_TEXT = 500, 200_000  # of one file
Imported = Mapping[str, tuple[Import, DecisionFile]]
"""The files that a file imports, by namespace."""


def imports_of(xml: bytes, *, file: str) -> tuple[Import, ...]:
    """The files of decisions that a file imports; other kinds are told of by `read_file`.

    Raises:
        DecisionError: not XML that may be read, or not DMN.
    """
    return tuple(_import(node) for node in _imports(definitions(xml, file)) if _is_of_decisions(node))


def namespace_of(xml: bytes, *, file: str) -> str:
    """The namespace by which others import the file.

    Raises:
        DecisionError: not XML that may be read, or not DMN.
    """
    return definitions(xml, file).get("namespace", "")


def definitions(xml: bytes, file: str) -> Node:
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


class Shared:
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
        _refuse_excess(file, root, self.declared)
        self.types: Mapping[str, ItemType] = item_types(root, self.declared, self.findings, foreign)
        self.input_data = {node.get("id", ""): self._input_data(node) for node in children(root, "inputData")}
        self.names = frozenset(variable_of(node) for node in _named(root))
        callable_nodes = children(root, "businessKnowledgeModel", "decisionService", "decision")
        self.functions = frozenset(name for one in callable_nodes for name in (variable_of(one), one.get("name", "")))

    def _input_data(self, node: Node) -> InputData:
        return InputData(variable_of(node), type_named(type_of_variable(node), self.types))

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


def _refuse_excess(file: str, root: Node, declared: tuple[str, ...]) -> None:
    """Every name with operator characters is looked for in every text, so both are bounded."""
    if len(declared) > MAX_ODD_NAMES:
        raise DecisionError(
            f"{file}: More than {MAX_ODD_NAMES} names hold operator characters or keywords. Rename some of them."
        )
    size = sum(len(str(node.text or "")) for node in root.iter("{*}text"))
    if size > MAX_TEXT:
        raise DecisionError(
            f"{file}: Its cells and expressions hold {size:,} characters; {MAX_TEXT:,} can be read. Split the file."
        )


def _not_imported(root: Node, imported: Imported) -> Iterator[str]:
    for node in _imports(root):
        one = _import(node)
        what = repr(one.name or one.file or one.namespace)
        if not _is_of_decisions(node):
            yield f"It imports {what}, which is no DMN file. Copy what it needs from there into this file."
        elif one.namespace not in imported:
            yield (
                f"It imports {what}, which is not beside it. For `decide` put that file into the same folder; a table "
                "that processes use imports nothing: put what it needs into this file."
            )


def variable_of(node: Node) -> str:
    """The name under which others see it: its variable's, else its own."""
    named = [child.get("name", "") for child in children(node, "variable")]
    return next(filter(None, (*named, node.get("name", ""), node.get("id", ""))), "")


def type_of_variable(node: Node) -> str:
    return next((child.get("typeRef", "") for child in children(node, "variable")), "")


def _odd_names(root: Node) -> Iterator[str]:
    return _odd(node.get("name", "") for node in _named(root))


def _named(root: Node) -> Iterator[Node]:
    return (node for node in root.iter() if isinstance(node.tag, str) and local(node) in NAMED)


def _odd(names: Iterable[str]) -> Iterator[str]:
    """Names that FEEL can tell from a calculation only when it knows them: "loan-to-value", "days in arrears"."""
    for name in names:
        words = re.split(r"\s+", name.strip())
        if re.search(r"[^\w\s]", name) or (len(words) > 1 and not KEYWORDS.isdisjoint(words)):
            yield name
