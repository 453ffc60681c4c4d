"""Who marked a kept message as dealt with, and when

The columns are written out with what they refer to: to add such a constraint apart, SQLite would copy the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("message", sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "ALTER TABLE message ADD COLUMN handled_by_id INTEGER"
        " CONSTRAINT fk_message_handled_by_id REFERENCES person (person_id)"
    )
    without_case = sa.text("status = 'handled' AND case_id IS NULL")
    op.create_index(
        "ix_message_handled_without_case",
        "message",
        ["message_id"],
        unique=False,
        sqlite_where=without_case,
        postgresql_where=without_case,
    )
