"""Decisions of DMN files: load them, ask them, with the decisions, models and services that they require.

Two rules that contradict each other, an input or a result of the wrong type or one that could not be computed is an
error naming file, decision and rule, never a quiet null. The work of one question is bounded as a whole.
Source: DMN 1.3 6.2, 10.4
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from engine.calendar import Calendar
from engine.decision_boxes import names_of_table
from engine.decision_model import (
    DecisionError,
    DecisionSource,
    Finding,
    KnowledgeModel,
    LiteralExpression,
    Service,
    Table,
)
from engine.decision_reader import read_file
from engine.decision_tables import MULTIPLE, TableFault, ask_table, result_of
from engine.decision_types import ANY, TypeMismatch, typed
from engine.feel import FeelLimit, Function, Name
from engine.feel.run import MAX_CALLS, Run
from engine.feel.scope import Scope
from engine.feel.values import from_python

__all__ = ["Decision", "DecisionError", "evaluate", "load_decisions"]

MAX_DEPTH = 30  # decisions that require one another in a row


def load_decisions(xml: bytes, *, file: str) -> dict[str, Decision]:
    """Read every decision of a DMN file, by id. Faulty cells are found by `Decision.findings`.

    Raises:
        DecisionError: the file is not DMN, carries a DOCTYPE, or an id is missing or comes twice.
    """
    return dict(_load(xml, file=file).decisions)


def evaluate(dmn: bytes, decision: str, inputs: Mapping[str, object], *, now: datetime | None = None) -> object:
    """Make one decision of a DMN file, by its id or its name, with the decisions that it requires.

    `inputs`: plain values; a text becomes a date, a time or a duration where the input's type says so. The name of a
    decision service asks for all of its decisions.

    Raises: DecisionError when the file cannot be read, holds no such decision or the decision cannot be made.
    """
    beside = _load(dmn, file="decision.dmn")
    found = beside.decisions
    moment = now or datetime.now(UTC)
    chosen = found.get(decision) or next((one for one in found.values() if one.name == decision), None)
    if chosen is not None:
        return chosen.evaluate(inputs, now=moment)
    for service in beside.services.values():
        if decision in (service.id, service.name):
            return _evaluate_service(service, beside, inputs, moment)
    names = [*found, *(service.name for service in beside.services.values())]
    raise DecisionError(f"There is no decision {decision!r}; there are: {', '.join(names) or 'none'}.")


@dataclass
class _Beside:
    """Everything that stands in one file, by id."""

    decisions: dict[str, Decision] = field(default_factory=dict)
    models: dict[str, KnowledgeModel] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)

    def findings_of_knowledge(self, ids: tuple[str, ...], seen: set[str]) -> Iterator[Finding]:
        for one in ids:
            model = self.models.get(one)
            if model is None and one not in self.services:
                yield "decision", f"It requires the knowledge model {one!r}, which does not exist."
            elif model is not None and one not in seen:
                seen.add(one)
                yield from ((f"knowledge model {model.name!r}", message) for _, message in model.findings)
                yield from self.findings_of_knowledge(model.knowledge, seen)


def _load(xml: bytes, *, file: str) -> _Beside:
    read = read_file(xml, file=file)
    beside = _Beside(
        models={model.id: model for model in read.models},
        services={service.id: service for service in read.services},
    )
    for source in read.decisions:
        beside.decisions[source.id] = Decision(source, beside=beside)
    return beside


@dataclass(frozen=True, slots=True)
class _Question:
    """What one evaluation is asked with, and what it found on the way. `asked`: the decisions being made now."""

    names: Mapping[str, object]
    run: Run
    decisions: Mapping[str, Decision]
    made: dict[str, object]
    functions: dict[str, Function]
    asked: tuple[str, ...] = ()


def _evaluate_service(service: Service, beside: _Beside, inputs: Mapping[str, object], now: datetime) -> object:
    question = _Question(inputs, Run(now), beside.decisions, made={}, functions={})
    variables = {beside.decisions[one].variable: one for one in service.input_decisions if one in beside.decisions}
    given = {one: from_python(inputs[name], question.run) for name, one in variables.items() if name in inputs}
    return _ask_service(service, replace(question, made=given))


def _ask_service(service: Service, question: _Question) -> object:
    """The one output decision's result, or a context of all by their names."""
    results: dict[str, object] = {}
    for one in service.outputs:
        decision = question.decisions.get(one)
        if decision is None:
            raise DecisionError(f"The decision service {service.name!r} asks for {one!r}, which does not exist.")
        results[decision.variable] = decision.decide(question)
    return next(iter(results.values())) if len(results) == 1 else results


class Decision:
    """One decision, read once and asked often."""

    def __init__(self, source: DecisionSource, *, beside: _Beside) -> None:
        self._source = source
        self._beside = beside
        self.id = source.id
        self.name = source.name
        self.file = source.file
        self.requires = source.requires
        self.variable = source.variable
        self._knows: tuple[Finding, ...] | None = None

    @property
    def names(self) -> tuple[Name, ...]:
        """Every name that its expressions and cells read, results of required decisions included."""
        body = self._source.body
        if isinstance(body, Table):
            return names_of_table(body)
        return body.expression.names if body is not None and body.expression is not None else ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The variables it reads, dotted, each once, without the results of the decisions it requires.

        Names inside a filter are left out, because they may be fields of the filtered items.
        """
        known = set(self.requires)
        for required in self.requires:
            decision = self._beside.decisions.get(required)
            known.update((decision.variable, decision.name) if decision else ())
        read = [name for name in self.names if name.path[0] not in known and not name.maybe_field]
        return tuple(dict.fromkeys(map(str, read)))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of its results; a literal expression has one, the decision's own."""
        body = self._source.body
        if isinstance(body, Table):
            return tuple(output.name or output.label for output in body.outputs)
        return (self._source.variable,)

    def findings(self) -> list[Finding]:
        """What is wrong with it: (rule or cell, sentence). A decision with findings cannot be made."""
        return list(self._findings)

    @property
    def _findings(self) -> tuple[Finding, ...]:
        """Its own, and those of the knowledge models that it calls, which are read after it."""
        if self._knows is None:
            known = self._beside.findings_of_knowledge(self._source.knowledge, set())
            self._knows = (*self._source.findings, *known)
        return self._knows

    @property
    def table(self) -> Table | None:
        """Its table, or None for a literal expression or a decision that could not be read."""
        return self._source.body if isinstance(self._source.body, Table) and not self._findings else None

    def evaluate(
        self,
        names: Mapping[str, object],
        *,
        now: datetime,
        calendar: Calendar | None = None,
        decisions: Mapping[str, Decision] | None = None,
    ) -> object:
        """Decide: one value, a dict where there are several outputs, a list where several rules may apply.

        None where no rule matches. `decisions` are those of other files that this one may require.

        Raises:
            DecisionError: an input is not of its type, rules contradict each other, a cell is faulty or a result is
                not what its column promises; an incident, the author must mend the table.
        """
        known = {**(decisions or {}), **self._beside.decisions}
        return self.decide(_Question(names, Run(now, calendar), known, made={}, functions={}))

    def decide(self, question: _Question) -> object:
        """Make the decision as part of a greater question, once."""
        if self.id in question.made:
            return question.made[self.id]
        if self.id in question.asked:
            raise self._error(f"it requires itself, by way of {', '.join(question.asked)}")
        if len(question.asked) >= MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} decisions require one another")
        if self._findings:
            place, message = self._findings[0]
            raise self._error(f"{place}: {message}")
        try:
            result = self._ask(self._with_required(question))
        except (TableFault, FeelLimit, TypeMismatch) as error:
            raise self._error(str(error)) from error
        except RecursionError:
            raise self._error("the expressions or their data are nested too deep") from None
        question.made[self.id] = result
        return result

    def _ask(self, question: _Question) -> object:
        scope = Scope(question.names, None, question.run)
        body = self._source.body
        if body is None:
            raise TableFault("it has no logic")
        if isinstance(body, LiteralExpression):
            result = result_of(body.expression, body.type, scope, "expression")
        else:
            result = ask_table(body, scope)
            if body.hit_policy in MULTIPLE and not body.aggregation and not self._source.type.is_collection:
                return result  # some tools name the type of one result where there may be many
        return typed(result, self._source.type)

    def _with_required(self, question: _Question) -> _Question:
        """Make what it requires: inputs of their types, functions, and the results of other decisions.

        Each result goes by its variable's name, the decision's id and, where nothing else has it, its name.
        """
        source = self._source
        if not (source.requires or source.inputs or source.knowledge):
            return question
        names = {**question.names, **dict(self._typed_inputs(question))}
        for one in source.knowledge:
            names[self._name_of_knowledge(one)] = self._function(one, question)
        inner = replace(question, names=question.names, asked=(*question.asked, self.id))
        for required in self.requires:
            decision = question.decisions.get(required)
            if decision is None:
                raise self._error(f"it requires the decision {required!r}, which does not exist")
            result = decision.decide(inner)
            names.setdefault(decision.name, result)
            names[required] = names[decision.variable] = result
        return replace(question, names=names)

    def _typed_inputs(self, question: _Question) -> Iterator[tuple[str, object]]:
        for one in self._source.inputs:
            if one.type is not ANY and one.name in question.names:
                value = from_python(question.names[one.name], question.run)
                yield one.name, typed(value, one.type, f"the input {one.name!r}")

    def _name_of_knowledge(self, one: str) -> str:
        known = self._beside.models.get(one) or self._beside.services[one]
        return known.name

    def _function(self, one: str, question: _Question) -> Function:
        """A knowledge model or a service as a function; a model sees only what it requires itself, and itself."""
        if one in question.functions:
            return question.functions[one]
        service = self._beside.services.get(one)
        if service is not None:
            made = _service_function(service, self._beside, question)
            question.functions[one] = made
            return made
        model = self._beside.models[one]
        seen: dict[str, object] = {}
        function = model.function(Scope(seen, None, question.run))
        if not isinstance(function, Function):
            raise TableFault(f"the knowledge model {model.name!r} is no function")
        question.functions[one] = seen[model.name] = function
        for required in model.knowledge:
            seen[self._name_of_knowledge(required)] = self._function(required, question)
        return function

    def _error(self, message: str) -> DecisionError:
        return DecisionError(f"{self.file}: decision {self.name!r}: {message}.")


def _service_function(service: Service, beside: _Beside, question: _Question) -> Function:
    count = len(service.parameters)
    first_decision = count - len(service.input_decisions)

    def call(run: Run, *values: object) -> object:
        names = dict(zip(service.parameters, values, strict=True))
        made = dict(zip(service.input_decisions, values[first_decision:], strict=True))
        run.charge(1)
        run.calls += 1
        if run.calls > MAX_CALLS:
            raise FeelLimit(f"the decision calls more than {MAX_CALLS} services inside each other")
        try:
            asked = replace(question, names=names, made=made)
            return _ask_service(service, asked)
        finally:
            run.calls -= 1

    return Function(service.parameters, ("any",) * count, count, call, wants_run=True)
