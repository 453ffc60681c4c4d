"""Item definitions of a DMN file to types: structures, lists, allowed values and constraints.

Source: DMN 1.3 7.3.3; DMN 1.5 7.3.3 for typeConstraint
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.decision_boxes import children, text_of
from engine.decision_model import Finding
from engine.decision_types import ANY, MAX_DEPTH, ItemType, type_named
from engine.feel import FeelSyntaxError, UnaryTests, compile_unary_tests
from engine.markup import Node


def item_types(
    root: Node, declared: tuple[str, ...], findings: list[Finding], imported: Mapping[str, ItemType]
) -> Mapping[str, ItemType]:
    """Every type that the file defines, by name; what is wrong with them is added to `findings`.

    `imported`: those of other files, by the import's name, a dot and their own.
    """
    definitions = {node.get("name", ""): node for node in children(root, "itemDefinition")}
    reader = _Reader(definitions, declared, findings, dict(imported))
    for name in definitions:
        reader.named(name, ())
    return reader.made


@dataclass
class _Reader:
    definitions: Mapping[str, Node]
    declared: tuple[str, ...]
    findings: list[Finding]
    made: dict[str, ItemType]

    def named(self, name: str, asked: tuple[str, ...]) -> ItemType:
        """A type by its name, made once; `asked` are the types being made now."""
        if name in self.made:
            return self.made[name]
        if name not in self.definitions:
            short = name.rpartition(":")[2]
            return self.named(short, asked) if short in self.definitions else type_named(name, self.made)
        if name in asked or len(asked) > MAX_DEPTH:
            self.findings.append((f"type {name!r}", f"It is made of itself, by way of {', '.join(asked)}."))
            return ANY
        made = self.made[name] = self.made_of(self.definitions[name], (*asked, name))
        return made

    def made_of(self, node: Node, asked: tuple[str, ...]) -> ItemType:
        name = node.get("name", "")
        reference = "".join("".join(map(str, child.itertext())) for child in children(node, "typeRef")).strip()
        reference = (reference or node.get("typeRef", "")).removeprefix("feel:")
        components = tuple(
            (part.get("name", ""), self.made_of(part, asked)) for part in children(node, "itemComponent")
        )
        of = self.named(reference, asked) if reference else ANY
        function = next(children(node, "functionItem"), None)
        output = function.get("outputTypeRef", "") if function is not None else ""
        is_collection = node.get("isCollection", "false") in ("true", "1")
        allowed, whole = self.tests(node, "allowedValues"), self.tests(node, "typeConstraint")
        return ItemType(
            name=name or reference,
            base="function" if function is not None else "context" if components else of.base if of is not ANY else "",
            is_collection=is_collection,
            item=of if of is not ANY and not components else None,
            components=components,
            allowed=allowed,
            whole=whole,
            gives=self.named(output, asked) if output else None,
        )

    def tests(self, node: Node, element: str) -> UnaryTests | None:
        text = "".join(text_of(child) for child in children(node, element))
        try:
            return compile_unary_tests(text, self.declared) if text else None
        except FeelSyntaxError as error:
            self.findings.append((f"type {node.get('name')!r}", f"{text!r} is not FEEL: {error}."))
            return None
