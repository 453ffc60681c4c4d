"""Decisions of DMN files: load them, and ask one of them outside any process.

In a process a decision that could not be made is an error (`Decision.evaluate`). Asked here it is the standard's null,
and `explain` says why; an input of the wrong type and rules that contradict each other are errors all the same.
Source: DMN 1.3 6.2, 10.3.2.9.4, 10.4
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.decision_graph import Beside, Decision, Question, ask_service, function_of, made_before
from engine.decision_imports import load_file
from engine.decision_model import DecisionError, Service
from engine.decision_tables import NullRun, TableFault
from engine.decision_types import ItemType, TypeMismatch, typed
from engine.feel import FeelLimit
from engine.feel.errors import quoted
from engine.feel.functions import invoke
from engine.feel.values import from_python

__all__ = ["Answer", "Decision", "DecisionError", "evaluate", "explain", "load_decisions", "load_deployed"]

MOST_NAMES = 20  # that an error lists
NOTHING_BESIDE: Mapping[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision's result, and why parts of it are null where something could not be computed."""

    result: object
    notes: tuple[str, ...]


def load_decisions(xml: bytes, *, file: str) -> dict[str, Decision]:
    """Read every decision of a DMN file, by id. Faulty cells are found by `Decision.findings`.

    Raises:
        DecisionError: the file is not DMN, carries a DOCTYPE, or an id is missing or comes twice.
    """
    return dict(load_file(xml, file=file, beside=NOTHING_BESIDE).decisions)


def load_deployed(xml: bytes, *, file: str) -> dict[str, Decision]:
    """Read every decision of a file that passed the check when it was deployed.

    A rule that is newer refuses new deployments; a case that runs on an older version is never stopped by it.
    Raises: DecisionError as `load_decisions`.
    """
    here = load_file(xml, file=file, beside=NOTHING_BESIDE)
    here.is_deployed = True
    return dict(here.decisions)


def evaluate(
    dmn: bytes,
    decision: str,
    inputs: Mapping[str, object],
    *,
    now: datetime | None = None,
    beside: Mapping[str, bytes] = NOTHING_BESIDE,
) -> object:
    """Make one decision of a DMN file, by its id or its name, with the decisions that it requires.

    `inputs`: plain values; a text becomes a date, a time or a duration where the input's type says so. A required
    decision whose result is among them is not made. The name of a decision service asks for all of its decisions,
    that of a knowledge model calls it. `beside`: files by name, in
    which what the file imports is found. Where the standard says null, because no rule matches, a result cannot be
    computed or is not of its type, the result is None.

    Raises: DecisionError when the file cannot be read, holds no such decision, an input is not of its type, or the
    rules of a table contradict each other.
    """
    return explain(dmn, decision, inputs, now=now, beside=beside).result


def explain(
    dmn: bytes,
    decision: str,
    inputs: Mapping[str, object],
    *,
    now: datetime | None = None,
    beside: Mapping[str, bytes] = NOTHING_BESIDE,
) -> Answer:
    """Make one decision as `evaluate` does, and say why something became null.

    Raises: DecisionError as `evaluate`.
    """
    here = load_file(dmn, file="decision.dmn", beside=beside)
    run = NullRun(now or datetime.now(UTC))
    question = Question(inputs, run, here.decisions, made={}, functions={})
    try:
        result = _ask(decision, here, question)
    except (TableFault, FeelLimit, TypeMismatch) as error:
        raise DecisionError(f"{decision}: {error}.") from error
    except RecursionError:
        raise DecisionError(f"{decision}: the expressions or their data are nested too deep.") from None
    return Answer(result, tuple(dict.fromkeys(run.nulls)))


def _ask(name: str, here: Beside, question: Question) -> object:
    found = here.decisions
    chosen = found.get(name) or next((one for one in found.values() if one.name == name), None)
    if chosen is not None:
        others = (one for one in found.values() if one is not chosen and one.variable in question.names)
        question.made.update({here.key(one.id): _given(one.variable, one.type, question) for one in others})
        return chosen.decide(question)
    for service in here.services.values():
        if name in (service.id, service.name):
            return _ask_service(service, here, question)
    for model in here.models.values():
        if name in (model.id, model.name):
            function = function_of(model.id, here, question)
            given = [from_python(question.names.get(one), question.run) for one in function.parameters]
            return invoke(function, given, run=question.run, name=model.name, position=0)
    named = [*found, *(one.name for one in here.services.values()), *(one.name for one in here.models.values())]
    raise DecisionError(f"There is no decision {quoted(name)}; there are: {', '.join(named[:MOST_NAMES]) or 'none'}.")


def _ask_service(service: Service, here: Beside, question: Question) -> object:
    """Ask with what is given; an input decision that is not given is null, as any other argument left out."""
    first = len(service.parameters) - len(service.input_decisions)
    parameters = zip(service.input_decisions, service.parameters[first:], service.types[first:], strict=True)
    given = {one: _given(name, of, question) for one, name, of in parameters}
    question.made.update(made_before(service, here, given))
    return ask_service(service, here, question)


def _given(name: str, of: ItemType, question: Question) -> object:
    return typed(from_python(question.names.get(name), question.run), of, f"the input {name!r}")
