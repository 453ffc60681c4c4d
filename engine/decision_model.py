"""What a DMN file holds, read and compiled: tables, other logic, decisions, knowledge models and services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.decision_types import ANY, ItemType
from engine.errors import RedressError
from engine.feel import Expression, UnaryTests

Finding = tuple[str, str]


class DecisionError(RedressError):
    """A decision cannot be read or made."""


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions. `allowed` are its listed values; `limits` is what it allows when that is no such list."""

    label: str
    expression: Expression | None
    allowed: tuple[object, ...]
    type: str
    item_type: ItemType = ANY
    limits: UnaryTests | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A column of results. `allowed` are its listed values, the most important first."""

    name: str
    label: str
    type: str
    allowed: tuple[object, ...]
    default: Expression | None
    item_type: ItemType = ANY


@dataclass(frozen=True, slots=True)
class Rule:
    """A row; None stands for an empty cell, which passes every input and gives null."""

    number: int
    tests: tuple[UnaryTests | None, ...]
    results: tuple[Expression | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    hit_policy: str
    aggregation: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class LiteralExpression:
    """An expression, or any other boxed expression but a table, compiled to one."""

    expression: Expression | None
    type: ItemType = ANY


@dataclass(frozen=True, slots=True)
class InputData:
    """What a decision is given from outside, and of which type it must be; `place` names the import that has it."""

    name: str
    type: ItemType
    place: str = ""


@dataclass(frozen=True, slots=True)
class DecisionSource:
    """One decision as its file has it.

    `variable` is the name under which other decisions see its result; `knowledge` are the ids of the knowledge models
    and services that it calls. `findings` are what is wrong, `doubts` what hardly says what was meant; `unread` are
    those findings for which a part could not be read at all, so that nothing can be decided by it.
    """

    file: str
    id: str
    name: str
    variable: str
    requires: tuple[str, ...]
    body: Table | LiteralExpression | None
    findings: tuple[Finding, ...]
    doubts: tuple[Finding, ...] = ()
    inputs: tuple[InputData, ...] = ()
    knowledge: tuple[str, ...] = ()
    type: ItemType = ANY
    unread: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class KnowledgeModel:
    """A business knowledge model: a function that decisions and other models call by its name."""

    id: str
    name: str
    function: Callable[..., object]
    knowledge: tuple[str, ...]
    findings: tuple[Finding, ...]
    doubts: tuple[Finding, ...] = ()
    unread: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A decision service: some decisions of the file as one function of its inputs.

    `parameters` are the names of its input data, then of its input decisions, each of its `types`.
    """

    id: str
    name: str
    outputs: tuple[str, ...]
    input_decisions: tuple[str, ...]
    parameters: tuple[str, ...]
    types: tuple[ItemType, ...]
    type: ItemType = ANY


@dataclass(frozen=True, slots=True)
class Import:
    """Another file of decisions, by whose name its parts are called; `file` is where it should be."""

    name: str
    namespace: str
    file: str


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """Everything read of a file. `types`, `inputs` and `declared` names serve the files that import it."""

    namespace: str
    imports: tuple[Import, ...]
    types: Mapping[str, ItemType]
    inputs: Mapping[str, InputData]
    declared: tuple[str, ...]
    decisions: tuple[DecisionSource, ...]
    models: tuple[KnowledgeModel, ...]
    services: tuple[Service, ...]
