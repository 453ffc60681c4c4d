"""What is done inside a called process is shown with the step of the activity that called it."""

from datetime import timedelta

import pytest

from engine import definitions
from engine.models import History, UserTask, Wait
from engine.world import DEPLOYMENT
from tests import tiny
from tests.stage import Stage

PROCEDURE = "# Tiny\n\n## Review 5 Call\n\n## Review 6 Write\n\n## Review 7 Send\n"


def called(process_id: str, *body: str) -> str:
    return f'<bpmn:process id="{process_id}" name="{process_id}" isExecutable="true">{"".join(body)}</bpmn:process>\n'


def call(element_id: str, process_id: str, **properties: str) -> str:
    inner = f'<zeebe:calledElement processId="{process_id}" bindingType="deployment" />'
    return tiny.node(
        "callActivity", element_id, tiny.extensions(inner, tiny.properties(**properties) if properties else "")
    )


def one_task(**properties: str) -> str:
    """A called process of one user task, on which a timer waits."""
    timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>P2D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    return called(
        "talk",
        tiny.node("startEvent", "talk_start"),
        tiny.user_task("speak", form="ask", **properties),
        tiny.node("boundaryEvent", "too_late", timer, attachedToRef="speak", cancelActivity="false"),
        tiny.node("endEvent", "talk_end"),
        tiny.node("endEvent", "late_end"),
        tiny.flow("talk_start", "speak"),
        tiny.flow("speak", "talk_end"),
        tiny.flow("too_late", "late_end"),
    )


def caller(**properties: str) -> tuple[str, ...]:
    return (
        tiny.node("startEvent", "start"),
        call("talk_to_client", "talk", **properties),
        tiny.node("endEvent", "end"),
        tiny.flow("start", "talk_to_client"),
        tiny.flow("talk_to_client", "end"),
    )


def deploy(stage: Stage, *body: str, roots: str) -> None:
    folder = stage.write_folder(*body, roots=roots)
    (folder / "procedure.md").write_text(PROCEDURE)
    definitions.deploy(stage.world, folder, actor=DEPLOYMENT)


@pytest.mark.parametrize(
    ("own", "of_the_call", "shown"),
    [
        ({}, "Review 5", "Review 5"),
        ({"step": "Review 6"}, "Review 5", "Review 6"),
        ({"step": "Log 3, Review 6, Resolution 9"}, "Review 5", "Review 6"),
        ({"step": "Log 3"}, "Review 5, Review 6", "Review 5, Review 6"),
    ],
    ids=["none of its own", "its own first", "only those of the procedure that runs", "steps of others do not count"],
)
def test_a_task_of_a_called_process_carries_its_own_step_or_that_of_the_call(stage, own, of_the_call, shown):
    deploy(stage, *caller(step=of_the_call), roots=one_task(**own))
    stage.start()
    assert stage.task("speak").step == shown
    assert [(row.element_id, row.step) for row in stage.rows(Wait)] == [("too_late", of_the_call)]


def test_what_happened_inside_a_called_process_is_told_with_the_step_of_the_call(stage):
    deploy(stage, *caller(step="Review 5"), roots=one_task())
    stage.start()
    stage.wait_and_work(timedelta(days=3))
    stage.complete("speak")
    steps = {(row.kind, row.element_id): row.step for row in stage.rows(History)}
    assert steps["timer_fired", "too_late"] == steps["submitted", "speak"] == steps["claimed", "speak"] == "Review 5"
    assert steps["started", ""] == ""


def test_in_a_chain_of_calls_the_nearest_caller_with_a_step_counts(stage):
    middle = called(
        "middle",
        tiny.node("startEvent", "middle_start"),
        call("talk_on", "talk"),
        tiny.node("endEvent", "middle_end"),
        tiny.flow("middle_start", "talk_on"),
        tiny.flow("talk_on", "middle_end"),
    )
    outer = (
        tiny.node("startEvent", "start"),
        call("go_between", "middle", step="Review 6"),
        tiny.node("endEvent", "end"),
        tiny.flow("start", "go_between"),
        tiny.flow("go_between", "end"),
    )
    deploy(stage, *outer, roots=middle + one_task())
    stage.start()
    assert stage.task("speak").step == "Review 6"


def test_a_task_keeps_its_step_when_the_instance_was_stored_and_read_back(stage):
    deploy(stage, *caller(step="Review 5"), roots=one_task())
    stage.start()
    stage.wait_and_work(timedelta(days=3))
    assert [row.step for row in stage.rows(UserTask)] == ["Review 5"]


@pytest.mark.parametrize(
    ("drawn", "properties", "shown"),
    [
        ("Write the letter", {"letter": "CMSL5805"}, "Write the letter CMSL5805"),
        ("Check the letter", {"preview": "CMSL5805"}, "Check the letter CMSL5805"),
        ("14 Complete CMSF5551, scan and attach", {"letter": "CMSF5551"}, "14 Complete CMSF5551, scan and attach"),
        ("Write the letter", {"letter": "CMSF5551_NI"}, "Write the letter CMSF5551 (NI)"),
    ],
)
def test_a_task_that_writes_or_checks_a_letter_names_it(stage, drawn, properties, shown):
    task = tiny.user_task("write", form="ask", **properties).replace('name="write"', f'name="{drawn}"')
    body = (tiny.node("startEvent", "start"), task, tiny.node("endEvent", "end"))
    stage.deploy(*body, tiny.flow("start", "write"), tiny.flow("write", "end"), unchecked=True)
    stage.start()
    assert stage.task("write").name == shown
