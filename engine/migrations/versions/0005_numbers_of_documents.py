"""A number of a document is never given out again

A file that is taken off a task before the task is completed leaves no trace. SQLite would give its number to the next
document, and an address that somebody kept would show another file. PostgreSQL never does.
"""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    options = {"sqlite_autoincrement": True}
    with op.batch_alter_table("document", recreate="always", table_kwargs=options):
        pass
