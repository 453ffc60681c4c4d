"""A procedure that is withdrawn, deleted or deployed anew while cases use it: they run on, and nothing is half made."""

from __future__ import annotations

import shutil

import pytest

from engine import definitions, jobs
from engine.errors import NotFound
from engine.models import Definition, ProcessInstance, ServiceRequest, UserTask
from engine.world import DEPLOYMENT
from tests import tiny
from tests.stage import Stage
from tests.world import make_world
from web.app import create_app
from web.serve import prepare


def ask_first(stage: Stage, task: str = "ask") -> None:
    """Deploy the procedure `first`: it asks a person, then hands over to the procedure `second`."""
    folder = stage.write_folder(
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "First", "main": "=true"}),
        tiny.user_task(task, form="ask"),
        tiny.service_task("hand_over", "hand_over", {"to": "second"}),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", task, "hand_over", "done"),
        key="first",
    )
    sheet = folder / "process.toml"
    sheet.write_text(f'{sheet.read_text()}[[hand_overs]]\nto = "second"\nfields = ["request.outcome"]\n')
    definitions.deploy(stage.world, folder, actor=DEPLOYMENT)


def take_second(stage: Stage, task: str = "take") -> None:
    """Deploy the procedure `second`: it makes a request and asks a person."""
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.service_task("make", "create_request", {"kind": "Second", "main": "=true"}),
        tiny.user_task(task, form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", task, "done"),
        key="second",
    )


def kinds(stage: Stage) -> list[str]:
    return [row.kind for row in stage.rows(ServiceRequest)]


def test_no_new_case_starts_with_a_withdrawn_procedure_and_those_under_way_run_on(stage: Stage) -> None:
    take_second(stage)
    stage.start(key="second")
    assert definitions.withdraw(stage.world, "second") == 1
    with pytest.raises(NotFound, match="No procedure 'second' is in force: it was withdrawn, or never deployed"):
        stage.start(key="second")
    assert stage.complete("take").status == "completed"
    assert len(stage.rows(ProcessInstance)) == 1


def test_what_is_not_in_force_cannot_be_withdrawn(stage: Stage) -> None:
    take_second(stage)
    definitions.withdraw(stage.world, "second")
    for key in ("second", "never_made"):
        with pytest.raises(NotFound, match="is in force"):
            definitions.withdraw(stage.world, key)


def test_deploying_a_withdrawn_procedure_again_puts_the_same_version_back_in_force(stage: Stage) -> None:
    take_second(stage)
    definitions.withdraw(stage.world, "second")
    take_second(stage)
    assert [(row.version, row.is_in_force) for row in stage.rows(Definition)] == [(1, True)]
    assert stage.start(key="second").status == "active"


def test_a_hand_over_to_a_withdrawn_procedure_is_an_incident_that_keeps_the_work_and_makes_nothing(
    stage: Stage,
) -> None:
    take_second(stage)
    ask_first(stage)
    stage.start(key="first")
    definitions.withdraw(stage.world, "second")
    assert stage.complete("ask", {"answer": "Yes"}).status == "incident"
    [incident] = stage.incidents()
    assert "The procedure 'second' is not in force, so SR-000001 could not be handed over to it." in incident.message
    assert "What was submitted is kept" in incident.message
    assert [row.status for row in stage.rows(UserTask)] == ["completed"]
    assert (kinds(stage), len(stage.rows(ProcessInstance))) == (["First"], 1)


def test_an_incident_of_a_hand_over_goes_on_once_the_procedure_is_back(stage: Stage) -> None:
    take_second(stage)
    ask_first(stage)
    stage.start(key="first")
    definitions.withdraw(stage.world, "second")
    stage.complete("ask", {"answer": "Yes"})
    number = stage.incidents()[0].incident_id
    still = jobs.retry_incident(stage.world, number, actor=stage.leader)
    assert still is not None
    assert still.status == "incident"
    take_second(stage)
    done = jobs.retry_incident(stage.world, number, actor=stage.leader)
    assert done is not None
    assert done.status == "completed"
    assert stage.incidents() == []
    assert (kinds(stage), stage.open_tasks()) == (["First", "Second"], ["take"])


def test_a_hand_over_goes_to_the_version_in_force_and_an_open_case_keeps_its_own(stage: Stage) -> None:
    take_second(stage)
    ask_first(stage)
    stage.start(key="first")
    take_second(stage, task="take_it_anew")
    ask_first(stage, task="ask_anew")
    assert stage.complete("ask").status == "completed"
    assert stage.open_tasks() == ["take_it_anew"]
    stage.start(key="first")
    assert stage.open_tasks() == ["ask_anew", "take_it_anew"]


def test_a_deleted_folder_breaks_no_start_up_no_open_case_and_no_hand_over(stage: Stage) -> None:
    take_second(stage)
    ask_first(stage)
    stage.start(key="first")
    shutil.rmtree(stage.folder / "processes" / "first")
    shutil.rmtree(stage.folder / "processes" / "second")
    stage.world.db.close()
    stage.world = make_world(stage.folder, processes=stage.folder / "processes")
    prepare(stage.world)
    assert definitions.without_folder(stage.world) == ["first", "second"]
    assert stage.complete("ask").status == "completed"
    assert (kinds(stage), stage.open_tasks()) == (["First", "Second"], ["take"])


def test_the_command_says_how_many_cases_run_on_and_that_a_folder_left_behind_brings_it_back(stage: Stage) -> None:
    take_second(stage)
    stage.start(key="second")
    run = create_app(world=stage.world).test_cli_runner().invoke
    said = run(args=["withdraw", "second"])
    assert said.exit_code == 0
    assert "second is withdrawn. 1 case under way runs on with the version that it has." in said.output
    assert "Its folder is still there" in said.output
    again = run(args=["withdraw", "second"])
    assert (again.exit_code, "No procedure 'second' is in force" in again.output) == (1, True)
    assert "second: version 1 is now in force" in run(args=["deploy"]).output
    shutil.rmtree(stage.folder / "processes" / "second")
    assert "second: its folder is gone, and it is still in force." in run(args=["deploy"]).output
    assert "Its folder" not in run(args=["withdraw", "second"]).output
