"""Procedures: what is deployed, in which version, and each diagram with how much work stands where."""

from __future__ import annotations

import json

from flask import Blueprint, Response, make_response, render_template, request

from engine import definitions
from engine.definitions import LoadedDefinition
from engine.errors import NotFound
from engine.queries import operations
from web.current import world
from web.diagrams import drawn_in, files_of, titled

pages = Blueprint("definitions", __name__, url_prefix="/procedures")


@pages.get("/")
def listed() -> str:
    """List every deployed version, those in force first."""
    with world().db.read() as connection:
        rows = operations.list_definitions(connection)
    return render_template("definitions/listed.html", rows=rows)


@pages.get("/<int:definition_id>")
def page(definition_id: int) -> str:
    """Show a version's diagram with how many tasks stand at each element, and the same as a table."""
    with world().db.read() as connection:
        row = operations.get_definition(connection, definition_id)
        definition = definitions.load(world(), connection, definition_id)
        counts = operations.tasks_by_element(connection, definition_id)
    chosen = request.args.get("diagram", "")
    chosen = chosen if chosen in files_of(definition) else files_of(definition)[0]
    places = drawn_in(definition)
    here = {element: {"kind": "active", "count": n} for element, n in counts.items() if places.get(element) == chosen}
    return render_template(
        "definitions/page.html",
        row=row,
        chosen=chosen,
        files=[(path, titled(path, _at(places, counts, path))) for path in files_of(definition)],
        steps=_steps(definition, chosen, counts),
        live=json.dumps(here),
    )


@pages.get("/<int:definition_id>/diagram/<path:file>")
def diagram(definition_id: int, file: str) -> Response:
    """Send a diagram as it was deployed."""
    with world().db.read() as connection:
        operations.get_definition(connection, definition_id)
        definition = definitions.load(world(), connection, definition_id)
    if file not in files_of(definition):
        raise NotFound("There is no such diagram in this version.")
    response = make_response(definition.files[file])
    response.headers["Content-Type"] = "application/xml"
    return response


def _at(places: dict[str, str], counts: dict[str, int], file: str) -> int:
    return sum(count for element, count in counts.items() if places.get(element) == file)


def _steps(definition: LoadedDefinition, file: str, counts: dict[str, int]) -> list[dict[str, object]]:
    """Return the named elements of a diagram as rows of a table, in the order in which they are drawn."""
    return [
        {
            "name": element.name,
            "kind": _KINDS.get(element.kind, element.kind),
            "lane": element.lane,
            "step": element.properties.get("step", ""),
            "count": counts.get(element.id, 0),
        }
        for element in definition.program.elements.values()
        if element.file == file and element.name and not element.synthetic
    ]


_KINDS = {
    "userTask": "Task of a person",
    "scriptTask": "Calculation",
    "serviceTask": "Done by the service",
    "businessRuleTask": "Decision table",
    "callActivity": "Called procedure",
    "exclusiveGateway": "Choice",
    "parallelGateway": "In parallel",
    "inclusiveGateway": "Choice of several",
    "eventBasedGateway": "Whichever comes first",
    "startEvent": "Start",
    "endEvent": "End",
    "boundaryEvent": "Event on a task",
    "intermediateCatchEvent": "Wait",
    "intermediateThrowEvent": "Event",
    "subProcess": "Part of the procedure",
}
