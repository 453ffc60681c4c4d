"""Open service requests as lists have them: who has each, what it waits for, and which date comes next

The database keeps the rows itself, by triggers, as it keeps what worklists know of tasks: a process of the version
before keeps them as well while this one is put in. A step saves its instance last, so what it changed is read once.
"""

import sqlalchemy as sa
from alembic import op

from engine.models import Instant

revision = "0009"
down_revision = "0008"

INDEXES = {
    "ix_listed_request_case_id": ["case_id"],
    "ix_listed_request_owner": ["owner_id", "due_at", "request_id"],
    "ix_listed_request_due": ["owner_group", "due_at", "request_id"],
    "ix_listed_request_newest": ["owner_group", "request_id"],
    "ix_listed_request_client": ["owner_group", "client_sort", "request_id"],
    "ix_listed_request_reference": ["owner_group", "reference", "request_id"],
}


def upgrade() -> None:
    is_postgres = op.get_bind().dialect.name == "postgresql"
    said, name = sa.String(length=80), sa.String(length=120)
    bytewise = name.with_variant(sa.String(length=120, collation="C"), "postgresql")
    texts = {"procedure_key": said, "stage": said, "nation": said, "reference": bytewise, "client_sort": bytewise}
    op.create_table(
        "listed_request",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("owner_group", said, nullable=True),
        sa.Column("waits_for", said, nullable=False, server_default=""),
        sa.Column("due_at", Instant(timezone=True), nullable=True),
        *(sa.Column(column, kind, nullable=False, server_default="") for column, kind in texts.items()),
        sa.Column("source", sa.String(length=8), nullable=True),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_listed_request")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.{key}"], name=op.f(f"fk_listed_request_{column}"))
            for column, table, key in (
                ("request_id", "service_request", "request_id"),
                ("case_id", "case_file", "case_id"),
                ("owner_id", "person", "person_id"),
            )
        ),
    )
    op.execute(_listed(is_postgres, "closed_at IS NULL"))
    op.execute(f"UPDATE listed_request SET {_standing(is_postgres)}")
    for index, columns in INDEXES.items():
        op.create_index(index, "listed_request", columns)
    for trigger in _triggers(is_postgres):
        (_on_postgres if is_postgres else _on_sqlite)(*trigger)


def _fact(is_postgres: bool, name: str, row: str) -> str:
    return f"{row}.facts::json ->> '{name}'" if is_postgres else f"json_extract({row}.facts, '$.{name}')"


def _stage(is_postgres: bool, row: str) -> str:
    return f"coalesce({_fact(is_postgres, 'stage_of_complaint', row)}, '')"


def _source(is_postgres: bool, row: str) -> str:
    source, failed = _fact(is_postgres, "source", row), _fact(is_postgres, "ice_gateway", row)
    is_failed = f"{failed} = 'true'" if is_postgres else f"{failed} = 1"
    return f"CASE WHEN {source} IN ('mp', 'phso') THEN {source} WHEN {source} = 'ice' OR {is_failed} THEN 'ice' END"


def _listed(is_postgres: bool, whose: str) -> str:
    """Return the statement that lists requests; what they wait for comes with the step that made them."""
    return f"""INSERT INTO listed_request
        (request_id, case_id, owner_id, owner_group, stage, source, nation, reference, client_sort)
        SELECT r.request_id, r.case_id, r.owner_id, r.owner_group, {_stage(is_postgres, "r")},
            {_source(is_postgres, "r")}, c.nation, c.reference, lower(c.client_name)
        FROM service_request r JOIN case_file c ON c.case_id = r.case_id
        WHERE r.{whose}"""


def _standing(is_postgres: bool) -> str:
    """Return what a request waits for and its next date, of the procedures that work on it.

    `waits_for` holds a word for each: owner, outside, other (a task of theirs), stopped, service, client, date.
    A reply that is waited for until a date stands with it on one token. One that may come at any time, such as a
    withdrawal, is what a request waits for only when there is nothing else. A child of an open request that has no
    procedure of its own, such as a payment, is served with that one.
    """
    least = "least" if is_postgres else "min"
    words = {
        "owner": "task.own > 0",
        "outside": "task.outside > 0",
        "other": "task.others > 0",
        "stopped": "run.stopped > 0",
        "service": "wait.jobs + run.retrying > 0",
        "client": "wait.replies > 0 OR (wait.messages > 0 AND task.own + task.outside + task.others"
        " + wait.jobs + wait.dates + run.stopped + run.retrying = 0)",
        "date": "wait.dates > 0 AND wait.replies + task.own + task.outside + task.others"
        " + wait.jobs + run.stopped + run.retrying = 0",
    }
    said = " || ".join(f"CASE WHEN {when} THEN '{word} ' ELSE '' END" for word, when in words.items())
    is_served = (
        "run.number = 0 AND EXISTS (SELECT 1 FROM request_link k JOIN service_request p"
        " ON p.request_id = k.from_request_id AND p.closed_at IS NULL"
        " WHERE k.to_request_id = listed_request.request_id AND k.relation = 'child')"
    )
    working = "FROM process_instance i {join} WHERE i.request_id = listed_request.request_id AND i.ended_at IS NULL"
    of_tasks = working.format(join="JOIN user_task t ON t.instance_id = i.instance_id AND t.status = 'open'")
    of_waits = working.format(join="JOIN wait w ON w.instance_id = i.instance_id")
    of_runs = working.format(join="JOIN definition d ON d.definition_id = i.definition_id")

    def count(when: str, name: str) -> str:
        return f"coalesce(sum(CASE WHEN {when} THEN 1 ELSE 0 END), 0) AS {name}"

    is_own = "t.waits_for <> 'outside' AND t.assignee_id = listed_request.owner_id"
    is_reply = (
        "w.kind = 'message' AND EXISTS (SELECT 1 FROM wait u"
        " WHERE u.instance_id = w.instance_id AND u.token = w.token AND u.kind = 'timer')"
    )
    sooner = f"coalesce({least}(task.due_at, wait.due_at), task.due_at, wait.due_at)"
    return f"""(procedure_key, due_at, waits_for) = (
        SELECT run.key, {sooner}, CASE WHEN {is_served} THEN 'served' ELSE rtrim({said}) END
        FROM (SELECT min(t.due_at) AS due_at, {count(is_own, "own")}, {count("t.waits_for = 'outside'", "outside")},
                {count(f"t.waits_for <> 'outside' AND NOT coalesce({is_own}, {'false' if is_postgres else 0})", "others")}
              {of_tasks}) task,
            (SELECT min(CASE WHEN w.kind = 'timer' THEN w.due_at END) AS due_at, {count("w.kind = 'job'", "jobs")},
                {count("w.kind = 'timer'", "dates")}, {count("w.kind = 'message'", "messages")},
                {count(is_reply, "replies")} {of_waits}) wait,
            (SELECT count(*) AS number, coalesce(max(d.key), '') AS key, {count("i.status IN ('incident', 'suspended')", "stopped")},
                {count("i.status = 'retrying'", "retrying")} {of_runs}) run)"""


def _triggers(is_postgres: bool) -> list[tuple[str, str, str, str, list[str]]]:
    """Return (name, event, table, when, statements)."""
    of_request = "request_id = NEW.request_id"
    standing = f"UPDATE listed_request SET {_standing(is_postgres)} WHERE "
    changed = (
        f"owner_id = NEW.owner_id, owner_group = NEW.owner_group,"
        f" stage = {_stage(is_postgres, 'NEW')}, source = {_source(is_postgres, 'NEW')}"
    )
    relisted = _listed(is_postgres, f"{of_request} AND NEW.closed_at IS NULL")
    return [
        ("request_is_listed", "INSERT", "service_request", "NEW.closed_at IS NULL", [_listed(is_postgres, of_request)]),
        (
            "request_is_listed_otherwise",
            "UPDATE OF owner_id, owner_group, facts",
            "service_request",
            "NEW.closed_at IS NULL AND (OLD.facts <> NEW.facts OR OLD.owner_id IS NOT NEW.owner_id"
            " OR OLD.owner_group IS NOT NEW.owner_group)",
            [f"UPDATE listed_request SET {changed} WHERE {of_request}"],
        ),
        (
            "request_is_closed_or_open_again",
            "UPDATE OF closed_at",
            "service_request",
            "OLD.closed_at IS NOT NEW.closed_at",
            [
                f"DELETE FROM listed_request WHERE {of_request}",
                relisted,
                f"{standing}{of_request}",
                # Apart, and not joined by OR: PostgreSQL would walk through every open request.
                f"{standing}request_id IN (SELECT k.to_request_id FROM request_link k"
                " WHERE k.from_request_id = NEW.request_id AND k.relation = 'child')",
            ],
        ),
        (
            "link_lists_request",
            "INSERT",
            "request_link",
            "NEW.relation = 'child'",
            [f"{standing}request_id = NEW.to_request_id"],
        ),
        (
            "instance_lists_request",
            "UPDATE OF version",
            "process_instance",
            "NEW.request_id IS NOT NULL",
            [f"{standing}{of_request}"],
        ),
        (
            "task_lists_request",
            "UPDATE OF assignee_id",
            "user_task",
            "OLD.assignee_id IS NOT NEW.assignee_id",
            [
                f"{standing}request_id = "
                "(SELECT i.request_id FROM process_instance i WHERE i.instance_id = NEW.instance_id)"
            ],
        ),
        (
            "case_lists_requests",
            "UPDATE OF nation, client_name, reference",
            "case_file",
            "OLD.nation <> NEW.nation OR OLD.client_name <> NEW.client_name OR OLD.reference <> NEW.reference",
            [
                "UPDATE listed_request SET nation = NEW.nation, reference = NEW.reference,"
                " client_sort = lower(NEW.client_name) WHERE case_id = NEW.case_id"
            ],
        ),
    ]


def _on_sqlite(name: str, event: str, table: str, when: str, does: list[str]) -> None:
    op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} WHEN {when} BEGIN {'; '.join(does)}; END")


def _on_postgres(name: str, event: str, table: str, when: str, does: list[str]) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {'; '.join(does)}; RETURN NULL; END $$"
    )
    condition = when.replace("IS NOT NEW", "IS DISTINCT FROM NEW")
    op.execute(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"
    )
