"""Decisions with what they require: inputs, other decisions, knowledge models and services, also of imported files.

Two rules that contradict each other, an input of the wrong type, a result that could not be computed or is not what was
promised is an error naming file, decision and rule, never a quiet null; `engine.decisions.explain` asks for the nulls
of the standard instead, with their reasons. The work of one question is bounded as a whole.
Source: DMN 1.3 6.2, 10.4
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.calendar import Calendar
from engine.decision_boxes import names_of_table
from engine.decision_model import (
    DecisionError,
    DecisionSource,
    Finding,
    Import,
    InputData,
    KnowledgeModel,
    LiteralExpression,
    Service,
    Table,
)
from engine.decision_tables import MULTIPLE, TableFault, ask_table, result_of, typed_or_unfit
from engine.decision_types import ANY, TypeMismatch, typed
from engine.feel import FeelLimit, Function, Name
from engine.feel.run import MAX_CALLS, Run
from engine.feel.scope import Scope
from engine.feel.values import from_python

MAX_DEPTH = 30  # decisions that require one another in a row


@dataclass
class Beside:
    """Everything that stands in one file, by id, and the files that it imports, by namespace.

    What is asked for elsewhere goes by "namespace#id".
    """

    namespace: str = ""
    decisions: dict[str, Decision] = field(default_factory=dict)
    models: dict[str, KnowledgeModel] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    imports: dict[str, tuple[Import, Beside]] = field(default_factory=dict)
    types: dict[str, Callable[[object], bool]] = field(default_factory=dict)
    is_deployed: bool = False  # what passed the check once is stopped by what cannot be read, not by newer rules

    def holder(self, reference: str) -> tuple[str, Beside, str]:
        """The name under which another file is imported or "", that file, and the id in it."""
        namespace, _, one = reference.rpartition("#")
        if namespace not in self.imports:
            return "", self, reference
        imported, beside = self.imports[namespace]
        return imported.name, beside, one

    def key(self, one: str) -> str:
        return f"{self.namespace}#{one}"

    def name_of_knowledge(self, one: str) -> str:
        known = self.models.get(one) or self.services[one]
        return known.name

    def counting(self, source: DecisionSource | KnowledgeModel) -> tuple[Finding, ...]:
        return source.unread if self.is_deployed else source.findings

    def doubts_of_knowledge(self, references: tuple[str, ...], seen: set[str]) -> Iterator[Finding]:
        for reference in references:
            _, beside, one = self.holder(reference)
            model = beside.models.get(one)
            if model is not None and beside.key(one) not in seen:
                seen.add(beside.key(one))
                yield from ((f"knowledge model {model.name!r}", message) for _, message in model.doubts)
                yield from beside.doubts_of_knowledge(model.knowledge, seen)

    def findings_of_knowledge(self, references: tuple[str, ...], seen: set[str]) -> Iterator[Finding]:
        for reference in references:
            _, beside, one = self.holder(reference)
            model = beside.models.get(one)
            if model is None and one not in beside.services:
                yield "decision", f"It requires the knowledge model {reference!r}, which does not exist."
            elif model is not None and beside.key(one) not in seen:
                seen.add(beside.key(one))
                yield from ((f"knowledge model {model.name!r}", message) for _, message in self.counting(model))
                yield from beside.findings_of_knowledge(model.knowledge, seen)


@dataclass(frozen=True, slots=True)
class Question:
    """What one evaluation is asked with, and what it found on the way. `asked`: the decisions being made now."""

    names: Mapping[str, object]
    run: Run
    decisions: Mapping[str, Decision]
    made: dict[str, object]
    functions: dict[str, Function]
    asked: tuple[str, ...] = ()

    def put(self, names: dict[str, object], place: str, name: str, value: object) -> None:
        """Give a value a name; what is imported goes into a context by the import's name."""
        if not place:
            names[name] = value
            return
        inner = names.get(place)
        if not isinstance(inner, _Imported):
            inner = _Imported(inner if isinstance(inner, Mapping) else {})
            names[place] = inner
        inner[name] = value


class _Imported(dict[str, object]):
    """What a decision sees of an imported file."""


class Decision:
    """One decision, read once and asked often."""

    def __init__(self, source: DecisionSource, *, beside: Beside) -> None:
        self._source = source
        self._beside = beside
        self.id = source.id
        self.name = source.name
        self.file = source.file
        self.requires = source.requires
        self.variable = source.variable
        self.type = source.type
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
            place, beside, one = self._beside.holder(required)
            decision = beside.decisions.get(one)
            known.update((place,) if place else (decision.variable, decision.name) if decision else ())
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
    def unread(self) -> tuple[Finding, ...]:
        """Those of its own findings that leave a part unread: however it was deployed, it cannot be made."""
        return self._source.unread

    def doubts(self) -> list[Finding]:
        """What can be read and run but hardly says what was meant, also in the knowledge models that it calls."""
        return [*self._source.doubts, *self._beside.doubts_of_knowledge(self._source.knowledge, set())]

    @property
    def _findings(self) -> tuple[Finding, ...]:
        """Its own, and those of the knowledge models that it calls, which are read after it."""
        if self._knows is None:
            known = self._beside.findings_of_knowledge(self._source.knowledge, set())
            self._knows = (*self._beside.counting(self._source), *known)
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
        return self.decide(Question(names, Run(now, calendar), known, made={}, functions={}))

    def decide(self, question: Question) -> object:
        """Make the decision as part of a greater question, once."""
        key = self._beside.key(self.id)
        if key in question.made:
            return question.made[key]
        if key in question.asked:
            way = ", ".join(one.rpartition("#")[2] for one in question.asked)
            raise self._error(f"it requires itself, by way of {way}")
        if len(question.asked) >= MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} decisions require one another")
        if self._source.body is None and self.variable in question.names:  # a person decides; the result is given
            return from_python(question.names[self.variable], question.run)
        if self._findings:
            place, message = self._findings[0]
            raise self._error(f"{place}: {message}")
        try:
            result = self._ask(self._with_required(question))
        except (TableFault, FeelLimit, TypeMismatch) as error:
            raise self._error(str(error)) from error
        except RecursionError:
            raise self._error("the expressions or their data are nested too deep") from None
        question.made[key] = result
        return result

    def _ask(self, question: Question) -> object:
        scope = Scope(question.names, None, question.run)
        question.run.types = self._beside.types
        body = self._source.body
        if body is None:
            raise TableFault("it has no logic")
        if isinstance(body, LiteralExpression):
            result = result_of(body.expression, body.type, scope, "expression")
        else:
            result = ask_table(body, scope)
            if body.hit_policy in MULTIPLE and not body.aggregation and not self._source.type.is_collection:
                return result  # some tools name the type of one result where there may be many
        return typed_or_unfit(result, scope, self._source.type, f"decision {self.name!r}")

    def _with_required(self, question: Question) -> Question:
        """Make what it requires: inputs of their types, functions, and the results of other decisions.

        Each result goes by its variable's name, the decision's id and, where nothing else has it, its name.
        """
        source = self._source
        if not (source.requires or source.inputs or source.knowledge):
            return question
        names = dict(question.names)
        for given in source.inputs:
            self._put_input(given, names, question)
        for reference in source.knowledge:
            place, beside, one = self._beside.holder(reference)
            question.put(names, place, beside.name_of_knowledge(one), function_of(one, beside, question))
        inner = replace(question, asked=(*question.asked, self._beside.key(self.id)))
        for required in self.requires:
            self._put_required(required, names, inner)
        return replace(question, names=names)

    def _put_input(self, one: InputData, names: dict[str, object], question: Question) -> None:
        """An imported input is given in a context by the import's name, or by its own name alone."""
        within = question.names.get(one.place) if one.place else None
        holder = within if isinstance(within, Mapping) and one.name in within else question.names
        if one.name not in holder or (one.type is ANY and not one.place):
            return
        value = from_python(holder[one.name], question.run)
        question.put(names, one.place, one.name, typed(value, one.type, f"the input {one.name!r}"))

    def _put_required(self, required: str, names: dict[str, object], question: Question) -> None:
        place, beside, one = self._beside.holder(required)
        is_here = beside is self._beside
        decision = (question.decisions if is_here else beside.decisions).get(one)
        if decision is None:
            raise self._error(f"it requires the decision {required!r}, which does not exist")
        if not is_here:
            within = question.names.get(place) if place else None
            names_there = {**question.names, **within} if isinstance(within, Mapping) else question.names
            question = replace(question, decisions=beside.decisions, names=names_there)
        result = decision.decide(question)
        question.put(names, place, decision.variable, result)
        if not place:
            names.setdefault(decision.name, result)
            names[required] = result

    def _error(self, message: str) -> DecisionError:
        return DecisionError(f"{self.file}: decision {self.name!r}: {message.rstrip('.')}.")


def ask_service(service: Service, beside: Beside, question: Question) -> object:
    """The one output decision's result, or a context of all by their names."""
    results: dict[str, object] = {}
    asked = replace(question, decisions={**question.decisions, **beside.decisions})
    for reference in service.outputs:
        _, holder, one = beside.holder(reference)
        decision = holder.decisions.get(one)
        if decision is None:
            raise DecisionError(f"The decision service {service.name!r} asks for {reference!r}, which does not exist.")
        results[decision.variable] = decision.decide(asked)
    result = next(iter(results.values())) if len(results) == 1 else results
    scope = Scope({}, None, question.run)
    return typed_or_unfit(result, scope, service.type, f"decision service {service.name!r}")


def made_before(service: Service, beside: Beside, results: Mapping[str, object]) -> dict[str, object]:
    """What a service's input decisions are known to result in, by the keys of the decisions."""
    held = ((beside.holder(reference), result) for reference, result in results.items())
    return {holder.key(one): result for (_, holder, one), result in held}


def function_of(one: str, beside: Beside, question: Question) -> Function:
    """A knowledge model or a service as a function; a model sees only what it requires itself, and itself."""
    key = beside.key(one)
    if key in question.functions:
        return question.functions[key]
    service = beside.services.get(one)
    if service is not None:
        made = _service_function(service, beside, question)
        question.functions[key] = made
        return made
    model = beside.models[one]
    seen: dict[str, object] = {}
    function = model.function(Scope(seen, None, question.run))
    if not isinstance(function, Function):
        raise TableFault(f"the knowledge model {model.name!r} is no function")
    question.functions[key] = seen[model.name] = function
    for reference in model.knowledge:
        place, holder, required = beside.holder(reference)
        question.put(seen, place, holder.name_of_knowledge(required), function_of(required, holder, question))
    return function


def _service_function(service: Service, beside: Beside, question: Question) -> Function:
    count = len(service.parameters)
    first_decision = count - len(service.input_decisions)

    def call(run: Run, *values: object) -> object:
        given = [
            typed(value, of, name) for name, of, value in zip(service.parameters, service.types, values, strict=True)
        ]
        names = dict(zip(service.parameters, given, strict=True))
        made = made_before(service, beside, dict(zip(service.input_decisions, given[first_decision:], strict=True)))
        run.charge(1)
        run.calls += 1
        if run.calls > MAX_CALLS:
            raise FeelLimit(f"the decision calls more than {MAX_CALLS} services inside each other")
        try:
            return ask_service(service, beside, replace(question, names=names, made=made))
        finally:
            run.calls -= 1

    return Function(service.parameters, ("any",) * count, count, call, wants_run=True)
