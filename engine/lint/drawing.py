"""The drawing: every element and flow is shown, at places that are numbers, and none hides another."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import Diagram, Element
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.project import Project

Box = tuple[float, float, float, float]
_MAX_COMPARED = 400
_LARGEST = 1_000_000.0


def drawing(diagram: Diagram, project: Project) -> Findings:
    """Find what is not drawn, drawn nowhere, or drawn on top of another."""
    if not diagram.shapes and not diagram.edges:
        if diagram.elements:
            message = "The file has no drawing, so nobody can see where a case stands. Draw it in the modeler."
            yield warning(diagram.file, "", "not-drawn", message)
        return
    yield from _missing(diagram)
    boxes: dict[str, Box] = {}
    for shape in diagram.shapes:
        box = _box(shape.bounds)
        if box is None:
            message = "The shape has no place and size in numbers. Draw it again in the modeler."
            yield error(diagram.file, shape.element, "drawing-not-valid", message)
        else:
            boxes[shape.element] = box
    for edge in diagram.edges:
        if len(edge.points) < 2 or any(not _is_number(number) for point in edge.points for number in point):
            message = "The line has no course in numbers. Draw it again in the modeler."
            yield error(diagram.file, edge.element, "drawing-not-valid", message)
    for scope in diagram.scopes:
        yield from _overlaps(diagram, [e for e in diagram.inside(scope.id) if e.kind != "boundaryEvent"], boxes)


def _missing(diagram: Diagram) -> Iterator[Finding]:
    drawn = {shape.element for shape in diagram.shapes} | {edge.element for edge in diagram.edges}
    for element in diagram.elements:
        if element.id not in drawn:
            message = "The element is not drawn, so nobody can see it. Draw it, or delete it from the file."
            yield warning(diagram.file, element.id, "not-drawn", message)
    for flow in diagram.flows:
        if flow.id not in drawn:
            message = "The flow is not drawn, so nobody can see it. Draw it, or delete it from the file."
            yield warning(diagram.file, flow.id, "not-drawn", message)


def _box(bounds: tuple[float | None, float | None, float | None, float | None] | None) -> Box | None:
    if bounds is None:
        return None
    x, y, width, height = bounds
    if x is None or y is None or width is None or height is None:
        return None
    if not all(_is_number(n) for n in bounds) or width <= 0 or height <= 0:
        return None
    return x, y, width, height


def _is_number(value: float | None) -> bool:
    return value is not None and abs(value) <= _LARGEST


def _overlaps(diagram: Diagram, elements: list[Element], boxes: dict[str, Box]) -> Iterator[Finding]:
    drawn = sorted((boxes[e.id], e.id) for e in elements if e.id in boxes)[:_MAX_COMPARED]
    for index, (first, first_id) in enumerate(drawn):
        for second, second_id in drawn[index + 1 :]:
            if second[0] >= first[0] + first[2]:
                break  # sorted by the left edge: nothing further right can overlap
            if first[1] < second[1] + second[3] and second[1] < first[1] + first[3]:
                message = f"The shape lies on top of “{first_id}”. Move one of the two."
                yield warning(diagram.file, second_id, "shapes-overlap", message)
