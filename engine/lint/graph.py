"""The ways through a scope: where a token may go next, with boundary events and links followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from engine.diagram import SUB_PROCESSES, Diagram, Element, Scope

Graph = Mapping[str, tuple[str, ...]]

_WAITING = frozenset({"userTask", "receiveTask", "intermediateCatchEvent", "eventBasedGateway"})


def ways(diagram: Diagram, scope: str) -> Graph:
    """Return the elements that may follow each element directly inside a scope, in the order of the file."""
    inside = {e.id: e for e in diagram.inside(scope)}
    catches = {_link(e): e.id for e in inside.values() if e.kind == "intermediateCatchEvent" and _link(e)}
    graph: dict[str, tuple[str, ...]] = {}
    for element in inside.values():
        following = [f.target for f in diagram.outgoing.get(element.id, ()) if f.target in inside]
        following += [b.id for b in inside.values() if b.kind == "boundaryEvent" and b.attached_to == element.id]
        if element.kind == "intermediateThrowEvent" and _link(element) in catches:
            following.append(catches[_link(element)])
        graph[element.id] = tuple(f for f in following if f)
    return graph


def reached_from(graph: Graph, starts: Iterable[str]) -> frozenset[str]:
    """Return what can be reached from the starts, themselves included."""
    seen: set[str] = set()
    pending = [s for s in starts if s in graph]
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        pending.extend(graph.get(current, ()))
    return frozenset(seen)


def cycles(graph: Graph) -> list[tuple[str, ...]]:
    """Return the strongly connected parts that hold a cycle, each in the order of the graph (Tarjan, iterative)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[tuple[str, ...]] = []
    for root in graph:
        if root in order:
            continue
        work = [(root, iter(graph[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, following = work[-1]
            advanced = False
            for successor in following:
                if successor not in graph:
                    continue
                if successor not in order:
                    order[successor] = low[successor] = len(order)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(graph[successor])))
                    advanced = True
                    break
                if successor in on_stack:
                    low[node] = min(low[node], order[successor])
            if advanced:
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == order[node]:
                part = _pop_until(stack, on_stack, node)
                if len(part) > 1 or node in graph[node]:
                    found.append(tuple(name for name in graph if name in part))
    return found


def _pop_until(stack: list[str], on_stack: set[str], node: str) -> set[str]:
    part: set[str] = set()
    while True:
        name = stack.pop()
        on_stack.discard(name)
        part.add(name)
        if name == node:
            return part


def called_process(diagram: Diagram, element: Element) -> str | None:
    """Return the id of the process that a call activity calls: zeebe's, or in plain BPMN the standard's attribute."""
    if element.kind != "callActivity":
        return None
    extension = element.extension("calledElement")
    if extension is not None:
        return extension.get("processId")
    called = element.attributes.get("calledElement") if diagram.is_plain else None
    # A plain reference may be a qualified name, such as tns:approve.
    return called.rpartition(":")[2] if called else None


def always_waits(
    diagram: Diagram, element: Element, *, passing: frozenset[str], around: frozenset[str] = frozenset()
) -> bool:
    """Tell whether a token surely stops at the element for a person, a message or a time.

    `passing` holds the processes that can run through without waiting. A service task may answer at once. `around`
    holds the scopes being looked into: where ids are used twice, one may seem to hold itself.
    """
    if element.kind in _WAITING:
        return not (element.kind == "intermediateCatchEvent" and "link" in element.event_kinds)
    if element.kind in SUB_PROCESSES:
        return element.id in around or not passes(diagram, element.id, passing=passing, around=around)
    target = called_process(diagram, element)
    return target is not None and target not in passing


def passes(diagram: Diagram, scope: str, *, passing: frozenset[str], around: frozenset[str] = frozenset()) -> bool:
    """Tell whether a token can run from the start of a scope to its end without waiting."""
    elements = {e.id: e for e in diagram.inside(scope)}
    inside = around | {scope}
    graph = without(
        ways(diagram, scope), lambda name: always_waits(diagram, elements[name], passing=passing, around=inside)
    )
    reached = reached_from(graph, [e.id for e in elements.values() if e.kind == "startEvent"])
    return any(elements[name].kind == "endEvent" for name in reached)


def passing_processes(
    processes: Mapping[str, tuple[Diagram, Scope]], callers: Mapping[str, Iterable[str]]
) -> frozenset[str]:
    """Return the processes that can run through without waiting; each found may let its callers through as well."""
    passing: frozenset[str] = frozenset()
    pending = list(processes)
    while pending:
        name = pending.pop()
        diagram, scope = processes[name]
        if name not in passing and passes(diagram, scope.id, passing=passing):
            passing |= {name}
            pending.extend(caller for caller in callers.get(name, ()) if caller in processes)
    return passing


def without(graph: Graph, removed: Callable[[str], bool]) -> Graph:
    """Return the graph without the elements that a test picks. Each is tested once: the test may look inside it."""
    kept = {name for name in graph if not removed(name)}
    return {name: tuple(f for f in following if f in kept) for name, following in graph.items() if name in kept}


def longest_descent(graph: Graph, start: str) -> int:
    """Return how deep a depth-first walk in the order of the file goes: what a recursive parser would need."""
    seen = {start}
    deepest = depth = 1
    work = [iter(graph.get(start, ()))]
    while work:
        successor = next(work[-1], None)
        if successor is None:
            work.pop()
            depth -= 1
        elif successor not in seen:
            seen.add(successor)
            depth += 1
            deepest = max(deepest, depth)
            work.append(iter(graph.get(successor, ())))
    return deepest


def _link(element: Element) -> str:
    return next((e.link or "" for e in element.events if e.kind == "link"), "").strip()
