"""History: append-only, chained, and whole even after a person's data was erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from engine import history
from engine.models import History, Submission
from engine.values import loads
from tests import tiny
from tests.stage import Stage


@pytest.fixture
def told(stage: Stage) -> Stage:
    """A case on which two people have worked and a timer has fired."""
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="ask", step="Review 14"),
        tiny.node("exclusiveGateway", "choose", default="choose_to_day"),
        tiny.node("intermediateCatchEvent", "day", tiny.timer("P1D")),
        tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "choose", "day", "after", "done"),
        tiny.flow("choose", "done", '=answer = "stop"'),
    )
    stage.start()
    stage.complete("ask", {"answer": "Robin lives at 1 Sample Street"})
    stage.wait_and_work(timedelta(days=1))
    stage.complete("after", {"answer": "x"}, by=stage.colleague)
    return stage


def verify(stage: Stage) -> str | None:
    with stage.world.db.read() as connection:
        return history.verify(connection, 1)


def tamper(stage: Stage, sql: str) -> None:
    """Change the database as somebody would who may drop the triggers."""
    with stage.world.db.write() as connection:
        if stage.world.db.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER history_refuses_update")
            connection.exec_driver_sql("DROP TRIGGER history_refuses_delete")
        else:
            connection.exec_driver_sql("ALTER TABLE history DISABLE TRIGGER history_is_append_only")
        connection.exec_driver_sql(sql)


def test_history_says_who_did_what_in_order_with_the_version_that_it_ran_on(told: Stage) -> None:
    assert told.told() == [
        ("started", ""),
        ("completed", "begin"),
        ("claimed", "ask"),
        ("submitted", "ask"),
        ("clock", "day"),
        ("timer_fired", "day"),
        ("completed", "day"),
        ("claimed", "after"),
        ("submitted", "after"),
        ("completed", "done"),
    ]
    rows = told.rows(History)
    assert [row.seq for row in rows] == list(range(1, 11))
    assert (rows[3].actor, rows[3].step) == (told.caseworker.actor.key, "Review 14")
    assert rows[5].actor == "system:timers"
    assert rows[8].actor == told.colleague.actor.key
    assert loads(rows[0].data)["version"] == 1
    assert rows[5].at - rows[3].at == timedelta(days=1)


def test_history_keeps_the_rule_of_a_date_when_it_is_set_and_when_it_comes(told: Stage) -> None:
    began, fired = (row for row in told.rows(History) if row.element_id == "day" and row.kind != "completed")
    assert (began.kind, loads(began.data)) == ("clock", {"of": "wait", **loads(fired.data)})
    assert loads(fired.data) == {"due_at": fired.at, "rule": "P1D after the wait began"}


def test_an_untouched_history_verifies(told: Stage) -> None:
    assert verify(told) is None


def test_what_a_person_typed_is_not_in_the_chained_rows(told: Stage) -> None:
    assert not any("Sample Street" in row.data for row in told.rows(History))
    assert any("Sample Street" in (row.values or "") for row in told.rows(Submission))


@pytest.mark.parametrize(
    "sql", ["UPDATE history SET actor = 'person:99'", "DELETE FROM history", "DELETE FROM history WHERE seq = 3"]
)
def test_the_database_itself_refuses_to_change_or_delete_history(told: Stage, sql: str) -> None:
    def attempt(connection: Connection) -> None:
        connection.exec_driver_sql(sql)

    with pytest.raises(DBAPIError, match="append-only"), told.world.db.write() as connection:
        attempt(connection)
    assert verify(told) is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "'person:99'"),
        ("kind", "'released'"),
        ("element_id", "'other'"),
        ("element_name", "'Other words'"),
        ("step", "'Review 31'"),
        ("at", "'2020-01-01 00:00:00.000000'"),
        ("data", "'{}'"),
        ("case_id", "NULL"),
        ("previous", "'0'"),
        ("hash", "'0'"),
    ],
)
def test_a_changed_row_is_found(told: Stage, column: str, value: str) -> None:
    tamper(told, f"UPDATE history SET {column} = {value} WHERE seq = 4")
    assert verify(told) == "Row 4 was changed."


@pytest.mark.parametrize(
    ("seq", "found"), [(1, "Row 1 is missing."), (5, "Row 5 is missing."), (9, "Row 9 is missing.")]
)
def test_a_missing_row_is_found_even_the_last(told: Stage, seq: int, found: str) -> None:
    tamper(told, f"DELETE FROM history WHERE seq = {seq}")
    assert verify(told) == found


def test_a_history_that_was_deleted_altogether_is_found(told: Stage) -> None:
    tamper(told, "DELETE FROM history")
    assert verify(told) == "Row 1 is missing."


def test_a_chain_that_was_written_anew_is_found_by_its_end(told: Stage) -> None:
    tamper(told, "UPDATE process_instance SET history_hash = 'another'")
    assert verify(told) == "The last row is not the one that the instance was saved with."


def test_a_changed_submission_is_found(told: Stage) -> None:
    tamper(told, 'UPDATE submission SET "values" = \'{"answer":"something else"}\' WHERE seq = 4')
    assert verify(told) == "The values of row 4 were changed."


def test_a_persons_data_can_be_erased_and_the_chain_still_verifies(told: Stage) -> None:
    with told.world.db.write() as connection:
        connection.exec_driver_sql("UPDATE submission SET \"values\" = NULL, salt = '' WHERE seq = 4")
        connection.exec_driver_sql("DELETE FROM submission WHERE seq = 8")
    assert verify(told) is None


def test_two_equal_submissions_have_different_hashes(told: Stage) -> None:
    told.start()
    told.complete("ask", {"answer": "Robin lives at 1 Sample Street"})
    rows = [row for row in told.rows(History) if row.kind == "submitted" and row.element_id == "ask"]
    assert len({loads(row.data)["values_hash"] for row in rows}) == 2
