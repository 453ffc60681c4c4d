"""What worklists are filtered and sorted by, kept with each open task; words that notes are found by

The database keeps these columns itself, by triggers: they follow from facts that many verbs change, and a process of
the version before, which knows nothing of them, keeps them as well while this one is put in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

COLUMNS = "procedure_key, stage, source, nation, reference, client_sort"
IS_OPEN = "status = 'open'"
INDEXES = {
    "ix_user_task_free": (["candidate_group", "due_at", "task_id"], f"{IS_OPEN} AND assignee_id IS NULL"),
    "ix_user_task_held": (["candidate_group", "due_at", "task_id"], f"{IS_OPEN} AND assignee_id IS NOT NULL"),
    "ix_user_task_mine": (["assignee_id", "due_at", "task_id"], f"{IS_OPEN} AND assignee_id IS NOT NULL"),
    "ix_user_task_newest": (["candidate_group", "task_id"], IS_OPEN),
    "ix_user_task_client": (["candidate_group", "client_sort", "task_id"], IS_OPEN),
    "ix_user_task_reference": (["candidate_group", "reference", "task_id"], IS_OPEN),
    "ix_user_task_source": (
        ["candidate_group", "source", "due_at", "task_id"],
        f"{IS_OPEN} AND assignee_id IS NULL AND source IS NOT NULL",
    ),
}
# Of PostgreSQL; a letter with an accent is found without it, as SQLite's tokenizer has it.
ACCENTS = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿŵŷ", "aaaaaaceeeeiiiinooooouuuuyywy"


def upgrade() -> None:
    is_postgres = op.get_bind().dialect.name == "postgresql"
    said, name = sa.String(length=80), sa.String(length=120)
    bytewise = name.with_variant(sa.String(length=120, collation="C"), "postgresql")
    kinds = {"procedure_key": said, "stage": said, "nation": said, "reference": bytewise, "client_sort": bytewise}
    for column, kind in kinds.items():
        op.add_column("user_task", sa.Column(column, kind, nullable=False, server_default=""))
    op.add_column("user_task", sa.Column("waits_for", sa.String(length=8), nullable=False, server_default="us"))
    op.add_column("user_task", sa.Column("source", sa.String(length=8), nullable=True))
    (_keep_on_postgres if is_postgres else _keep_on_sqlite)()
    op.execute(f"UPDATE user_task SET {_refreshed(is_postgres)} WHERE {IS_OPEN}")
    outside = "properties::json ->> 'outside'" if is_postgres else "json_extract(properties, '$.outside')"
    op.execute(f"UPDATE user_task SET waits_for = 'outside' WHERE {IS_OPEN} AND coalesce({outside}, '') <> ''")
    op.drop_index("ix_user_task_worklist", "user_task")
    op.drop_index("ix_user_task_queue", "user_task")
    for index, (columns, where) in INDEXES.items():
        op.create_index(index, "user_task", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index("ix_service_request_owner_group", "service_request", ["owner_group", "request_id"])
    op.create_index("ix_service_request_owner", "service_request", ["owner_id", "request_id"])
    (_index_notes_on_postgres if is_postgres else _index_notes_on_sqlite)()


def _refreshed(is_postgres: bool, task: str = "user_task") -> str:
    """Return the columns of a task and what they follow from."""

    def fact(name: str) -> str:
        facts = "coalesce(r.facts, i.pending_facts)"
        return f"({facts})::json ->> '{name}'" if is_postgres else f"json_extract({facts}, '$.{name}')"

    failed = f"{fact('ice_gateway')} = 'true'" if is_postgres else f"{fact('ice_gateway')} = 1"
    return f"""({COLUMNS}) = (
        SELECT d.key, coalesce({fact("stage_of_complaint")}, ''),
            CASE WHEN {fact("source")} IN ('mp', 'phso') THEN {fact("source")}
                WHEN {fact("source")} = 'ice' OR {failed} THEN 'ice' END,
            coalesce(c.nation, ''), coalesce(c.reference, ''), coalesce(lower(c.client_name), '')
        FROM process_instance i
        JOIN definition d ON d.definition_id = i.definition_id
        LEFT JOIN service_request r ON r.request_id = i.request_id
        LEFT JOIN case_file c ON c.case_id = i.case_id
        WHERE i.instance_id = {task}.instance_id)"""


TRIGGERS = {
    # name: (event, table, what changed, whose tasks)
    "user_task_is_listed": ("INSERT", "user_task", "", "task_id = NEW.task_id"),
    "instance_lists_tasks": (
        "UPDATE OF request_id, pending_facts, definition_id",
        "process_instance",
        "OLD.request_id IS NOT NEW.request_id OR OLD.pending_facts <> NEW.pending_facts"
        " OR OLD.definition_id <> NEW.definition_id",
        "instance_id = NEW.instance_id",
    ),
    "request_lists_tasks": (
        "UPDATE OF facts",
        "service_request",
        "OLD.facts <> NEW.facts",
        "instance_id IN (SELECT instance_id FROM process_instance WHERE request_id = NEW.request_id)",
    ),
    "case_lists_tasks": (
        "UPDATE OF nation, client_name, reference",
        "case_file",
        "OLD.nation <> NEW.nation OR OLD.client_name <> NEW.client_name OR OLD.reference <> NEW.reference",
        "case_id = NEW.case_id",
    ),
}


def _keep_on_sqlite() -> None:
    for name, (event, table, changed, whose) in TRIGGERS.items():
        when = f"WHEN {changed} " if changed else ""
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON {table} {when}"
            f"BEGIN UPDATE user_task SET {_refreshed(False)} WHERE {IS_OPEN} AND {whose}; END"
        )


def _keep_on_postgres() -> None:
    for name, (event, table, changed, whose) in TRIGGERS.items():
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"UPDATE user_task SET {_refreshed(True)} WHERE {IS_OPEN} AND {whose}; RETURN NULL; END $$"
        )
        when = f"WHEN ({changed.replace('IS NOT', 'IS DISTINCT FROM')}) " if changed else ""
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when}EXECUTE FUNCTION {name}()")


def _index_notes_on_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE note_words USING fts5"
        "(text, content='note', content_rowid='note_id', tokenize='porter unicode61 remove_diacritics 2')"
    )
    op.execute("INSERT INTO note_words (note_words) VALUES ('rebuild')")
    gone = "INSERT INTO note_words (note_words, rowid, text) VALUES ('delete', OLD.note_id, OLD.text);"
    there = "INSERT INTO note_words (rowid, text) VALUES (NEW.note_id, NEW.text);"
    for event, does in (("INSERT", there), ("DELETE", gone), ("UPDATE OF text", gone + there)):
        name = f"note_words_{event.split()[0].lower()}"
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON note BEGIN {does} END")


def _index_notes_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION words_of(said text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ "
        f"SELECT pg_catalog.to_tsvector('pg_catalog.english', translate(lower(said), '{ACCENTS[0]}', '{ACCENTS[1]}')) $$"
    )
    op.execute("CREATE INDEX ix_note_words ON note USING gin (words_of(text))")
