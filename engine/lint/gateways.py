"""Gateways and splits: each way out has a condition, each default exists, each branch of an event gateway waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from engine.diagram import ACTIVITIES, GATEWAYS, Diagram, Element, Flow
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.project import Project
from engine.lint.vocabulary import words

_DECIDING = frozenset({"exclusiveGateway", "inclusiveGateway"})


def gateways(diagram: Diagram, project: Project) -> Findings:
    """Find gateways whose ways out are not decided, and splits that are not gateways."""
    for element in diagram.elements:
        outgoing = diagram.outgoing.get(element.id, ())
        incoming = diagram.incoming.get(element.id, ())
        yield from _default(diagram, element, outgoing)
        if element.kind in _DECIDING:
            yield from _deciding(diagram, element, outgoing)
        else:
            yield from _conditions_elsewhere(diagram, element, outgoing)
        if element.kind not in GATEWAYS and sum(f.target in diagram.element_by_id for f in outgoing) > 1:
            yield from _implicit_split(diagram, element, outgoing)
        if element.kind == "eventBasedGateway":
            yield from _event_gateway(diagram, element, outgoing)
        if element.kind in GATEWAYS:
            yield from _direction(diagram, element, len(incoming), len(outgoing))
            if len(incoming) == len(outgoing) == 1:
                yield from _neither(diagram, element, outgoing[0])


def _default(diagram: Diagram, element: Element, outgoing: tuple[Flow, ...]) -> Iterator[Finding]:
    default = element.attributes.get("default")
    if default is None:
        return
    flow = next((f for f in outgoing if f.id == default), None)
    if flow is None:
        message = f"The default flow “{default}” does not leave this element. Choose one of its own flows."
        yield error(diagram.file, element.id, "default-does-not-exist", message)
    elif flow.condition is not None:
        message = "The default flow has a condition, which would be ignored. Remove the condition or the default mark."
        yield error(diagram.file, flow.id, "default-with-condition", message)
    elif element.kind in ACTIVITIES and all(f.condition is None for f in outgoing):
        message = "The flow is marked as the default, but no other flow has a condition. Write one, or remove the mark."
        yield error(diagram.file, flow.id, "default-without-choice", message)


def _deciding(diagram: Diagram, element: Element, outgoing: tuple[Flow, ...]) -> Iterator[Finding]:
    if len(outgoing) < 2:
        return
    default = element.attributes.get("default")
    bare = [f for f in outgoing if f.condition is None and f.id != default]
    for flow in bare:
        message = "The flow has no condition, so nobody can say when it is taken. Write one, or make it the default."
        yield error(diagram.file, flow.id, "flow-without-condition", message)
    if default is None and not bare:
        message = "The gateway has no default flow: if no condition is true the case stops. Mark one as the default."
        yield warning(diagram.file, element.id, "no-default-flow", message)


def _implicit_split(diagram: Diagram, element: Element, outgoing: tuple[Flow, ...]) -> Iterator[Finding]:
    """Say what several flows out of an element that is no gateway do. Source: BPMN 2.0, 13.3.1."""
    default = element.attributes.get("default")
    decides = element.kind in ACTIVITIES and any(f.condition is not None for f in outgoing)
    if not decides:
        message = (
            f"Several flows leave this {words(element.kind)}: all of them are taken, side by side. "
            "Draw a parallel gateway behind it to show this, or an exclusive gateway if only one is meant."
        )
        yield warning(diagram.file, element.id, "implicit-split", message)
        return
    message = (
        f"Flows with conditions leave this {words(element.kind)}: each one whose condition is true is taken, "
        "so several may run side by side. Draw an inclusive gateway behind it to show this, or an exclusive gateway "
        "if only one is meant."
    )
    bare = [f for f in outgoing if f.condition is None and f.id != default]
    if bare:
        message += f" Without a condition, “{bare[0].id}” is always taken"
        message += "; the default is, too, when no condition is true." if default is not None else "."
    yield warning(diagram.file, element.id, "implicit-split", message)
    if default is None and not bare:
        message = "No flow is the default: if no condition is true the case stops. Mark one as the default."
        yield warning(diagram.file, element.id, "no-default-flow", message)


def _conditions_elsewhere(diagram: Diagram, element: Element, outgoing: tuple[Flow, ...]) -> Iterator[Finding]:
    if element.kind in ACTIVITIES and len(outgoing) > 1:
        return
    for flow in outgoing:
        if flow.condition is not None:
            message = (
                f"The flow leaves a {words(element.kind)}, where its condition would be ignored. "
                "Draw an exclusive gateway in between, or remove the condition."
            )
            yield error(diagram.file, flow.id, "condition-not-at-gateway", message)


def _event_gateway(diagram: Diagram, element: Element, outgoing: tuple[Flow, ...]) -> Iterator[Finding]:
    if len(outgoing) < 2:
        message = "An event-based gateway needs two events or more to wait for. Add one, or wait for the event alone."
        yield error(diagram.file, element.id, "event-gateway-needs-two", message)
    found = (diagram.element_by_id.get(flow.target or "") for flow in outgoing)
    targets = [target for target in found if target is not None]
    if len({target.kind for target in targets if "message" in target.event_kinds}) > 1:
        message = (
            "Message events and receive tasks stand side by side behind an event-based gateway, which BPMN forbids. "
            "Draw all of them as message events."
        )
        yield error(diagram.file, element.id, "event-gateway-target", message)
    for target in targets:
        yield from _event_waited_for(diagram, target)
    for what, times in Counter(_waited_for(diagram, targets)).items():
        if times > 1:
            message = f"The {what} is waited for twice, so the way would be left to chance. Keep one of the two."
            yield error(diagram.file, element.id, "same-event-twice", message)


def _may_stand_behind(target: Element) -> bool:
    return target.kind == "receiveTask" or (
        target.kind == "intermediateCatchEvent" and set(target.event_kinds) <= {"message", "timer", "signal"}
    )


def _event_waited_for(diagram: Diagram, target: Element) -> Iterator[Finding]:
    if not _may_stand_behind(target):
        message = (
            f"Behind an event-based gateway stands a {words(target.kind)}. "
            "Only message, timer and signal catch events and receive tasks may stand there."
        )
        yield error(diagram.file, target.id, "event-gateway-target", message)
        return
    if len(diagram.incoming.get(target.id, ())) > 1:
        message = "Another flow leads into this event of an event-based gateway. Lead it elsewhere."
        yield error(diagram.file, target.id, "event-gateway-target-entered", message)
    if target.kind == "receiveTask" and (diagram.boundaries_of(target.id) or target.loop is not None):
        message = "A receive task behind an event-based gateway may have no boundary events and no loop. Remove them."
        yield error(diagram.file, target.id, "event-gateway-target", message)


def _waited_for(diagram: Diagram, targets: Iterable[Element]) -> Iterator[str]:
    for target in filter(_may_stand_behind, targets):
        for event in target.events:
            if event.kind in ("message", "signal"):
                found = diagram.definition(event.kind, event.ref)
                yield f"{event.kind} “{found.name if found else event.ref}”"


def _neither(diagram: Diagram, element: Element, way: Flow) -> Iterator[Finding]:
    """Source: BPMN 2.0, 10.6: a gateway has several flows in or several out."""
    says_more = element.kind == "eventBasedGateway" or way.condition is not None
    if not says_more and element.attributes.get("gatewayDirection", "Unspecified") == "Unspecified":
        message = "One flow leads into this gateway and one out, so it neither splits nor joins. Delete it."
        yield warning(diagram.file, element.id, "gateway-does-nothing", message)


def _direction(diagram: Diagram, element: Element, incoming: int, outgoing: int) -> Iterator[Finding]:
    if incoming > 1 and outgoing > 1:
        message = "The gateway both joins and splits, which is easily misread. Draw two gateways, one behind the other."
        yield warning(diagram.file, element.id, "gateway-joins-and-splits", message)
    direction = element.attributes.get("gatewayDirection", "Unspecified")
    if direction == "Converging":
        fits = incoming > 1 and outgoing <= 1
    elif direction == "Diverging":
        fits = incoming <= 1 and outgoing > 1
    else:
        fits = direction == "Unspecified" or (direction == "Mixed" and incoming > 1 and outgoing > 1)
    if not fits:
        message = (
            f"The gateway is marked “{direction}” but has {incoming} flows in and {outgoing} out. "
            "Correct the flows, or remove the mark."
        )
        yield error(diagram.file, element.id, "gateway-direction", message)
