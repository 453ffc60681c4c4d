"""Where a case stands on the drawn procedure, for the people who work on it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy import Connection

from engine import definitions
from engine.definitions import LoadedDefinition
from engine.errors import NotFound
from engine.queries import operations, running, told, worklist
from engine.queries.paths import StepTaken, elements_passed, way_of
from engine.queries.running import InstanceRow
from web import history_words
from web.case_summary import read_standing, summarise
from web.current import world
from web.diagrams import files_of, titled
from web.live import marks_on, passed_on, tokens_of

pages = Blueprint("case_diagrams", __name__, url_prefix="/cases/<int:case_id>/diagrams/<int:instance_id>")


@pages.get("/")
def page(case_id: int, instance_id: int) -> str:
    """Show where one procedure of a case stands: on its diagrams, and the same as a table."""
    with world().db.read() as connection:
        row = _instance(connection, case_id, instance_id)
        definition = definitions.load(world(), connection, row.definition_id)
        tokens = tokens_of(
            definition,
            worklist.tasks_of_instance(connection, instance_id),
            running.waits_of_instance(connection, instance_id),
            operations.open_incidents(connection, instance_id=instance_id),
        )
        standing = read_standing(connection, case_id)
        taken = way_of(connection, case_id, standing.loaded).taken.get(instance_id, [])
        people = told.names_of_people(connection)
        passed = elements_passed(connection, instance_id)
    chosen = request.args.get("diagram", "")
    if chosen not in files_of(definition):
        chosen = next((token.file for token in tokens if token.file), files_of(definition)[0])
    return render_template(
        "cases/diagram.html",
        row=row,
        summary=summarise(standing, case_id),
        ran_on=f"{row.title}, version {row.version}",
        steps=[_step(step, definition, people) for step in taken],
        passed=passed_on(definition, passed, chosen),
        tokens=tokens,
        chosen=chosen,
        files=[(path, titled(path, sum(token.file == path for token in tokens))) for path in files_of(definition)],
        live=marks_on(definition, tokens, chosen),
    )


def _step(step: StepTaken, definition: LoadedDefinition, people: Mapping[int, str]) -> dict[str, object]:
    """Return a step of the way as a row of the list beside the diagram."""
    return {
        "step": step.step,
        "title": definition.procedure.get(step.step, step.element_name),
        "at": step.at,
        "by": history_words.who(step.actor, people),
    }


@pages.get("/<path:file>")
def file(case_id: int, instance_id: int, file: str) -> Response:
    """Send a diagram of the version that the procedure runs on."""
    with world().db.read() as connection:
        row = _instance(connection, case_id, instance_id)
        definition = definitions.load(world(), connection, row.definition_id)
    if file not in files_of(definition):
        raise NotFound("There is no such diagram in this version.")
    response = make_response(definition.files[file])
    response.headers["Content-Type"] = "application/xml"
    return response


def _instance(connection: Connection, case_id: int, instance_id: int) -> InstanceRow:
    """Return an instance of this case. Raises: NotFound."""
    found = [row for row in running.instances_of(connection, case_id) if row.instance_id == instance_id]
    if not found:
        raise NotFound("There is no such procedure on this case.")
    return found[0]
