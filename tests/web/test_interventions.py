"""What operations do to an instance from its page: each verb asks why, does what it says, and shows in the history."""

from datetime import timedelta

import pytest

from engine import worker
from engine.models import ProcessInstance
from tests.web.journeys import call, refer

REASON = {"reason": "A supplier asked us to wait."}


@pytest.fixture
def started(visitor, case_id, play_once):
    """An instance whose first call is to be made."""

    def play():
        refer(visitor("owning_team"), case_id)

    play_once(play)
    return visitor("operations").visit("/operations/instances/1")


def status(world) -> str:
    with world.db.read() as connection:
        return connection.execute(ProcessInstance.__table__.select()).one().status


def test_operations_suspend_and_resume_an_instance_with_a_reason(started, visitor, deployed):
    started.follow("Suspend")
    form = next(form for form in started.page.forms if "reason" in form.fields)
    for _ in range(2):  # a double click
        assert started.send(form, REASON).status == 200
        assert "The instance is suspended." in started.text
    assert "Operations have suspended it" in started.text
    caseworker = call(visitor("owning_team"))
    assert "Operations have suspended this case" in caseworker.text
    assert "We spoke about the complaint." in caseworker.page.text_content()
    assert status(deployed) == "suspended"
    deployed.clock.move_to(deployed.clock.now() + timedelta(days=90))
    assert worker.work_until_rest(deployed) == 0
    started.follow("Resume").press("Resume it", {"reason": "The supplier is back."})
    assert "The instance goes on." in started.text
    assert status(deployed) == "active"
    assert "suspended the procedure" in started.text
    assert "A supplier asked us to wait." in started.text


def test_without_a_reason_nothing_is_done_and_the_page_says_so(started, deployed):
    started.follow("Cancel").press("Cancel it for good", {"reason": " "})
    assert started.status == 422
    assert "Say why, for those who read the history of this case" in started.text
    assert status(deployed) == "active"


def test_a_cancelled_instance_offers_nothing_more(started, deployed):
    started.follow("Cancel")
    form = next(form for form in started.page.forms if "reason" in form.fields)
    for _ in range(2):
        assert started.send(form, REASON).status == 200
        assert "The instance is cancelled." in started.text
    assert status(deployed) == "cancelled"
    assert "Move to another version" not in started.text
    assert "cancelled the procedure" in started.text
    started.visit("/operations/instances/1/suspend").press("Suspend it", REASON)
    assert started.status == 409
    assert "has ended" in started.text


def test_a_value_of_a_suspended_instance_is_corrected(started, deployed):
    assert "Values that its expressions read" not in started.text
    started.follow("Suspend").press("Suspend it", REASON)
    started.follow("Correct a fact").press(
        "Correct it", {"name": "request.reason_for_review", "value": '"The fee"', "reason": "Typed wrong."}
    )
    assert "The value is corrected." in started.text
    assert "corrected the value “request.reason_for_review”" in started.text
    started.follow("Correct a fact").press(
        "Correct it", {"name": "request.reason_for_review", "value": '"open', **REASON}
    )
    assert started.status == 422
    assert "This is not a value" in started.text


def test_with_one_version_alone_there_is_nowhere_to_move(started):
    started.follow("Move to another version")
    assert "There is no other version of this procedure." in started.text


@pytest.mark.parametrize("verb", ["suspend", "resume", "cancel", "move", "correct"])
def test_only_operations_intervene(started, visitor, verb):
    for name in ("owning_team", "review_team_leader", "analyst"):
        assert visitor(name).visit(f"/operations/instances/1/{verb}").status == 403
