"""Ways through the diagram: nothing unreachable, no dead ends, no loops or calls that could turn for ever."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import GATEWAYS, SUB_PROCESSES, Diagram, Element, Scope
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.graph import Graph, always_waits, called_process, cycles, longest_descent, reached_from, ways, without
from engine.lint.project import Project
from engine.lint.vocabulary import words

MAX_CHAIN = 200


def reach(diagram: Diagram, project: Project) -> Findings:
    """Find elements that no token reaches or that no token leaves, and chains too long to run."""
    for scope in diagram.scopes:
        graph = ways(diagram, scope.id)
        yield from _unreachable(diagram, scope, graph)
        yield from _dead_ends(diagram, scope)
        for start in (e for e in diagram.inside(scope.id) if e.kind == "startEvent"):
            if longest_descent(graph, start.id) > MAX_CHAIN:
                message = f"More than {MAX_CHAIN} elements follow one another. Move a part into a called process."
                yield error(diagram.file, scope.id, "chain-too-long", message)


def _unreachable(diagram: Diagram, scope: Scope, graph: Graph) -> Iterator[Finding]:
    inside = diagram.inside(scope.id)
    if not any(e.kind == "startEvent" for e in inside):
        return  # that there is no start says it all
    # An attached event is reached through its activity; one attached to nothing has a finding of its own.
    lost = {e.id for e in inside if e.kind == "boundaryEvent" and e.attached_to not in graph}
    starts = [e.id for e in inside if e.kind == "startEvent" or e.is_event_sub_process or e.id in lost]
    reached = reached_from(graph, starts)
    entered = {f for following in graph.values() for f in following}
    heads = [e for e in inside if e.id not in reached and e.id not in entered]
    behind_heads = reached_from(graph, [e.id for e in heads])
    rest = [e for e in inside if e.id not in reached and e.id not in behind_heads]
    for element in (*heads, *rest[:1]):
        if element.kind == "intermediateCatchEvent" and "link" in element.event_kinds:
            continue  # a link without its partner has a finding of its own
        message = f"No way leads to this {words(element.kind)}, so it would never happen. Connect it, or delete it."
        yield error(diagram.file, element.id, "unreachable", message)


def _dead_ends(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    for element in diagram.inside(scope.id):
        is_link = element.kind == "intermediateThrowEvent" and "link" in element.event_kinds
        if element.kind == "endEvent" or element.is_event_sub_process or is_link:
            continue
        if not diagram.outgoing.get(element.id):
            message = (
                f"Nothing follows this {words(element.kind)}, so the case would stop there. Lead it to an end event."
            )
            yield error(diagram.file, element.id, "dead-end", message)


def loops(diagram: Diagram, project: Project) -> Findings:
    """Find loops that turn without ever waiting for a person, a message or a time."""
    for scope in diagram.scopes:
        graph = ways(diagram, scope.id)
        elements = {e.id: e for e in diagram.inside(scope.id)}
        automatic = without(graph, lambda name, at=elements: always_waits(diagram, at[name], passing=project.passing))  # type: ignore[misc]
        for cycle in cycles(automatic):
            members = set(cycle)
            shown = " → ".join((*cycle[:6], "…")) if len(cycle) > 6 else " → ".join((*cycle, cycle[0]))
            if any(set(graph[name]) - members for name in cycle if not _takes_all(diagram, elements[name], members)):
                message = (
                    f"The loop {shown} has no step that waits, so it could turn many times at once. "
                    "Make sure that its condition ends it, or put a task or a timer in it."
                )
                yield warning(diagram.file, cycle[0], "loop-without-wait", message)
            else:
                message = f"The loop {shown} has no way out and no step that waits. Draw a gateway that leaves it."
                yield error(diagram.file, cycle[0], "loop-without-end", message)


def _takes_all(diagram: Diagram, element: Element, members: set[str]) -> bool:
    """Tell whether a token at the element of a loop always goes round it again, whatever else it does."""
    if element.kind == "parallelGateway":
        return True
    outgoing = diagram.outgoing.get(element.id, ())
    if element.kind in GATEWAYS or len(outgoing) < 2:
        return False
    default = element.attributes.get("default")
    return any(f.target in members and f.condition is None and f.id != default for f in outgoing)


def recursion(project: Project) -> Findings:
    """Find processes that call themselves again, directly or through others, before anything waits."""
    calls: dict[str, tuple[str, ...]] = {}
    places: dict[tuple[str, str], tuple[Diagram, Element]] = {}
    for process_id, (diagram, scope) in project.process_by_id.items():
        found: list[str] = []
        for element in _reached_at_once(diagram, project, scope.id):
            target = called_process(diagram, element)
            if target is not None and target in project.process_by_id:
                found.append(target)
                places.setdefault((process_id, target), (diagram, element))
        calls[process_id] = tuple(found)
    for cycle in cycles(calls):
        for caller in cycle:
            for target in calls[caller]:
                if target not in cycle or (caller, target) not in places:
                    continue
                diagram, element = places.pop((caller, target))
                if diagram.file in project.checked:
                    message = (
                        f"“{caller}” calls “{target}”, which leads back to “{caller}” before anything waits: "
                        "the calls would never end. Draw a loop with a task or a timer instead."
                    )
                    yield error(diagram.file, element.id, "endless-recursion", message)


def _reached_at_once(
    diagram: Diagram, project: Project, scope: str, around: frozenset[str] = frozenset()
) -> Iterator[Element]:
    """Yield the call activities that a new instance reaches before it waits."""
    elements = {e.id: e for e in diagram.inside(scope)}
    passable = {
        name: () if always_waits(diagram, elements[name], passing=project.passing) else following
        for name, following in ways(diagram, scope).items()
    }
    reached = reached_from(passable, [e.id for e in elements.values() if e.kind == "startEvent"])
    for name in passable:
        if name not in reached:
            continue
        if elements[name].kind == "callActivity":
            yield elements[name]
        elif elements[name].kind in SUB_PROCESSES and name not in around:
            yield from _reached_at_once(diagram, project, name, around | {scope, name})
