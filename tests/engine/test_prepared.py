"""Statements that are sent past SQLAlchemy: what they read and write is what they read and write through it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, event, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from engine.models import Job, Notification
from engine.prepared import Prepared
from engine.world import World

_TABLE = Notification.metadata.tables[Notification.__tablename__]
_ADD = Prepared(insert(_TABLE))
_SEE = Prepared(update(_TABLE).where(_TABLE.c.subject == bindparam("b_subject")))
_TOLD = Prepared(
    select(_TABLE.c.subject, _TABLE.c.person_id, _TABLE.c.sent_at, _TABLE.c.seen_at)
    .where(_TABLE.c.kind == bindparam("b_kind"), _TABLE.c.group_key == "owning_team")
    .order_by(_TABLE.c.subject)
)
SENT, SEEN = datetime(2026, 10, 1, 8, 0, tzinfo=UTC), datetime(2026, 10, 2, 9, 30, 1, tzinfo=UTC)


def told(subject: str) -> dict[str, object]:
    return {"kind": "reply", "subject": subject, "text": "", "group_key": "owning_team", "sent_at": SENT}


def write_two(world: World) -> None:
    with world.db.write() as connection:
        _ADD.change_each(connection, [told("a"), told("b")])
        _ADD.change_each(connection, [told("c")])
        assert _SEE.change(connection, {"b_subject": "b", "seen_at": SEEN}) == 1
        assert _SEE.change(connection, {"b_subject": "none", "seen_at": SEEN}) == 0


def test_what_is_written_first_in_a_transaction_is_committed_with_every_value_of_its_type(world: World) -> None:
    write_two(world)
    with world.db.read() as connection:
        rows = _TOLD.rows(connection, {"b_kind": "reply"})
        assert rows == [("a", None, SENT, None), ("b", None, SENT, SEEN), ("c", None, SENT, None)]
        assert rows == [tuple(row) for row in connection.execute(_TOLD.statement, {"b_kind": "reply"})]
        assert _TOLD.row(connection, {"b_kind": "reply"}).sent_at == SENT
        assert _TOLD.row(connection, {"b_kind": "other"}) is None


def test_whoever_listens_to_what_is_sent_hears_all_of_it(world: World) -> None:
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        heard.append(text.split()[0])

    event.listen(world.db.engine, "before_cursor_execute", hear)
    try:
        write_two(world)
        with world.db.read() as connection:
            assert [row.subject for row in _TOLD.rows(connection, {"b_kind": "reply"})] == ["a", "b", "c"]
    finally:
        event.remove(world.db.engine, "before_cursor_execute", hear)
    assert [word for word in heard if word != "BEGIN"] == ["INSERT", "INSERT", "UPDATE", "UPDATE", "SELECT"]


def test_a_refused_statement_says_so_as_sqlalchemy_does_and_tells_no_values(world: World) -> None:
    def write_wrongly() -> None:
        with world.db.write() as connection:
            _ADD.change(connection, told("d"))
            row = {"instance_id": 77_777, "element_id": "Jane Example", "attempts": 1, "retries": 1}
            Prepared(insert(Job.metadata.tables[Job.__tablename__])).change(
                connection, {**row, "available_at": SENT, "last_error": ""}
            )

    with pytest.raises(IntegrityError) as refused:
        write_wrongly()
    assert "Jane Example" not in str(refused.value).replace(str(refused.value.orig), "")
    with world.db.read() as connection:
        assert _TOLD.rows(connection, {"b_kind": "reply"}) == []


def test_after_a_connection_is_cut_the_next_one_answers(world: World) -> None:
    if world.db.is_sqlite:
        return  # a file is never cut
    with world.db.engine.connect() as connection:
        own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with world.db.engine.connect() as other:
            other.exec_driver_sql("SELECT pg_terminate_backend(%s)", (own,))
        with pytest.raises(DBAPIError):
            _TOLD.rows(connection, {"b_kind": "reply"})
        assert connection.invalidated
    with world.db.read() as connection:
        assert _TOLD.rows(connection, {"b_kind": "reply"}) == []
