"""The Lock Assignment Flag on the case page: who records its release, how that is told, and that it moves nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from engine import history
from engine.models import Case, ProcessInstance
from engine.world import World
from tests.page import Browser
from tests.web.journeys import call, claim, refer

Visitors = Callable[[str], Browser]
RELEASE = "Record that the flag is released"


def is_locked(world: World, case_id: int) -> bool:
    with world.db.read() as connection:
        return bool(connection.execute(select(Case.lock_flag).where(Case.case_id == case_id)).scalar_one())


@pytest.fixture
def locked(deployed: World, visitor: Visitors, case_id: int) -> int:
    """A case with a review under way, whose master case is locked."""
    refer(visitor("owning_team"), case_id)
    with deployed.db.write() as connection:
        connection.execute(update(Case).where(Case.case_id == case_id).values(lock_flag=True))
    return case_id


@pytest.mark.parametrize("who", ["owning_team", "owning_team_leader"])
def test_the_owning_team_records_that_the_flag_is_released_with_who_did_it(
    deployed: World, visitor: Visitors, locked: int, who: str
) -> None:
    owner = visitor(who).visit(f"/cases/{locked}")
    assert "Assignment locked" in owner.text
    owner.press(RELEASE)
    assert (owner.status, owner.path) == (200, f"/cases/{locked}")
    assert "Assignment locked" not in owner.text
    assert not is_locked(deployed, locked)
    assert "The Lock Assignment Flag is released on the master case." in owner.text
    assert (
        f"Scenario {who.replace('_', ' ')} recorded that the Lock Assignment Flag is released"
        in owner.visit(f"/cases/{locked}/history").text
    )
    with deployed.db.read() as connection:
        instances = connection.execute(select(ProcessInstance.instance_id)).scalars().all()
        assert [history.verify(connection, number) for number in instances] == [None]


def test_releasing_the_flag_moves_no_procedure(visitor: Visitors, locked: int) -> None:
    owner = visitor("owning_team").visit(f"/cases/{locked}").press(RELEASE)
    assert "Call the client" in owner.text
    claim(owner, "Call the client")
    assert owner.status == 200


def test_a_flag_that_is_released_twice_was_released_once(visitor: Visitors, locked: int) -> None:
    owner = visitor("owning_team").visit(f"/cases/{locked}")
    form = next(form for form in owner.page.forms if str(form.get("action")).endswith("/lock-flag/release"))
    owner.send(form, {})
    owner.send(form, {})
    assert owner.status == 409
    assert "perhaps because a colleague has just released it" in owner.text


def test_another_team_sees_the_flag_and_does_not_release_it(deployed: World, visitor: Visitors, locked: int) -> None:
    call(visitor("owning_team"))
    leader = visitor("review_team_leader").visit(f"/cases/{locked}")
    assert "Assignment locked" in leader.text
    assert RELEASE not in leader.text
    token = leader.visit("/cases/").page.xpath("//input[@name='csrf_token']/@value")[0]
    answer = leader.client.post(f"/cases/{locked}/lock-flag/release", data={"csrf_token": token})
    assert answer.status_code == 403
    assert is_locked(deployed, locked)
