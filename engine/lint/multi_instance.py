"""Activities that run more than once, and branches that run at once: whose results arrive, and whose are lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from engine.diagram import SUB_PROCESSES, Diagram, Element, Loop
from engine.lint.expressions import compile_or_explain
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.graph import always_waits, reached_from, ways, without
from engine.lint.names import written_by
from engine.lint.project import Project
from engine.lint.written import written

_NOT_A_COUNT = re.compile(r"=?\s*(-\s*\d.*|\d*\.\d*[1-9]\d*|\".*|true|false|null)")


def multi_instance(diagram: Diagram, project: Project) -> Findings:
    """Find multi-instance activities without a collection, and results that never leave them."""
    reads: list[tuple[str, frozenset[str]]] = []
    for element in diagram.elements:
        loop = element.loop
        if loop is None:
            continue
        if element.is_event_sub_process:
            message = "An event sub-process cannot be multi-instance and cannot loop. Remove the marker."
            yield error(diagram.file, element.id, "multi-instance-not-possible", message)
        if loop.is_standard:
            yield from _standard_loop(diagram, project, element, loop)
            continue
        if loop.behavior != "All":
            message = f"The behaviour “{loop.behavior}” of a multi-instance activity is not honoured. Remove it."
            yield error(diagram.file, element.id, "unsupported-attribute", message)
        yield from _how_many(diagram, element, loop)
        characteristics = loop.characteristics
        if characteristics is None:
            continue
        collects = bool(characteristics.get("outputCollection"))
        if collects != bool(characteristics.get("outputElement")):
            message = "The output collection and the output element go together. Give both, or neither."
            yield error(diagram.file, element.id, "output-collection-incomplete", message)
        if not collects:
            reads = reads or _reads(diagram, project)
            yield from _lost_results(diagram, project, element, reads)


def _how_many(diagram: Diagram, element: Element, loop: Loop) -> Iterator[Finding]:
    characteristics = loop.characteristics
    collection = characteristics.get("inputCollection") if characteristics is not None else None
    item = characteristics.get("inputElement") if characteristics is not None else None
    said = [loop.cardinality is not None, bool(collection), "loopDataInputRef" in loop.data]
    if not any(said):
        message = (
            "Nothing says how many instances the multi-instance activity has: it has no input collection. "
            "Name the list that it runs over, or write a number (loopCardinality)."
        )
        yield error(diagram.file, element.id, "no-input-collection", message)
    elif sum(said) > 1:
        message = "The multi-instance activity says twice how many instances it has, by lists or a number. Keep one."
        yield error(diagram.file, element.id, "multi-instance-not-possible", message)
    elif loop.cardinality is not None and (item or "inputDataItem" in loop.data):
        message = "The multi-instance activity runs over no list, so there is no input element. Remove it."
        yield error(diagram.file, element.id, "multi-instance-not-possible", message)
    if loop.data and characteristics is not None:
        message = "Lists and items are said in two ways, by BPMN and by zeebe:loopCharacteristics. Keep one of the two."
        yield error(diagram.file, element.id, "multi-instance-not-possible", message)
    if ("loopDataOutputRef" in loop.data) != ("outputDataItem" in loop.data):
        message = "The output collection and the output element go together. Give both, or neither."
        yield error(diagram.file, element.id, "output-collection-incomplete", message)
    if loop.cardinality is not None and (not loop.cardinality or _NOT_A_COUNT.fullmatch(loop.cardinality)):
        message = (
            f"The number of instances is “{loop.cardinality[:40]}”. Write a whole number, or an expression of one."
        )
        yield error(diagram.file, element.id, "loop-not-valid", message)


def _standard_loop(diagram: Diagram, project: Project, element: Element, loop: Loop) -> Iterator[Finding]:
    maximum = (loop.maximum or "").strip()
    if loop.maximum is not None and not (maximum.isascii() and maximum.isdecimal() and int(maximum)):
        message = f"The loop's maximum is “{maximum[:40]}”. Write a whole number above zero."
        yield error(diagram.file, element.id, "loop-not-valid", message)
    elif loop.condition == "":
        message = "The loop's condition is empty. Write one, or remove it and give the loop a maximum."
        yield error(diagram.file, element.id, "loop-not-valid", message)
    elif loop.condition is None and loop.maximum is None:
        message = "The loop has neither a condition nor a maximum, so it would never end. Give it one of the two."
        yield error(diagram.file, element.id, "loop-without-end", message)
    elif loop.maximum is None and not always_waits(diagram, element, passing=project.passing):
        message = (
            "The loop has no step that waits and no maximum, so it could turn many times at once. "
            "Make sure that its condition ends it, or give it a maximum."
        )
        yield warning(diagram.file, element.id, "loop-without-wait", message)


def _reads(diagram: Diagram, project: Project) -> list[tuple[str, frozenset[str]]]:
    """Return the names that each expression reads, with the element that it stands on."""
    found: list[tuple[str, frozenset[str]]] = []
    for place in written(diagram, project):
        compiled = compile_or_explain(place.text[1:]) if place.text.startswith("=") else ""
        if not isinstance(compiled, str):
            found.append((place.element, frozenset(name.path[0] for name in compiled.names)))
    return found


def _lost_results(
    diagram: Diagram, project: Project, element: Element, reads: list[tuple[str, frozenset[str]]]
) -> Iterator[Finding]:
    members = {element.id} | {e.id for e in diagram.elements if element.id in diagram.enclosing(e.scope)}
    made = {
        name
        for e in diagram.elements
        if e.id in members and e.kind not in SUB_PROCESSES
        for name in written_by(project, e)
    }
    read_later = {name for place, names in reads for name in names if place not in members}
    for name in sorted((made & read_later) - {"case", "request"}):
        message = (
            f"“{name}” stays private to each instance, but is read later. "
            "Collect it: set the output collection and the output element."
        )
        yield warning(diagram.file, element.id, "multi-instance-result-lost", message)


def parallel_writes(diagram: Diagram, project: Project) -> Findings:
    """Find names that two branches of a parallel gateway both write: the last to save would win."""
    for scope in diagram.scopes:
        graph = ways(diagram, scope.id)
        elements = {e.id: e for e in diagram.inside(scope.id)}
        for split in (e for e in elements.values() if e.kind == "parallelGateway"):
            branches = [f for f in graph[split.id] if f != split.id]
            if len(branches) < 2:
                continue
            # A branch ends where a parallel gateway joins it with another.
            inner = without(graph, lambda name, at=elements, here=split.id: name == here or _joins(diagram, at[name]))  # type: ignore[misc]
            reached = {branch: reached_from(inner, [branch]) for branch in branches}
            yield from _written_twice(diagram, project, split, reached, elements)


def _joins(diagram: Diagram, element: Element) -> bool:
    return element.kind == "parallelGateway" and len(diagram.incoming.get(element.id, ())) > 1


def _written_twice(
    diagram: Diagram,
    project: Project,
    split: Element,
    reached: dict[str, frozenset[str]],
    elements: dict[str, Element],
) -> Iterator[Finding]:
    writers: dict[str, dict[str, str]] = {}
    times = Counter(name for members in reached.values() for name in members)
    for branch, members in reached.items():
        for name in (member for member in members if times[member] == 1):
            for output in (row.target for row in elements[name].outputs):
                writers.setdefault(output, {}).setdefault(branch, name)
    for output, by_branch in sorted(writers.items()):
        if len(by_branch) > 1:
            named = " and ".join(f"“{name}”" for name in sorted(by_branch.values()))
            message = f"{named} run at once and both write “{output}”: the last to save wins. Use a name for each."
            yield warning(diagram.file, split.id, "parallel-branches-write-same", message)
