"""What open requests wait for, in the index that lists them

Lists and counts ask of each row whether it is served with another, and often what it waits for. Where the index says so,
as many as a thousand rows need not be looked up in the table.
"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.drop_index("ix_listed_request_due", table_name="listed_request")
    op.create_index(
        "ix_listed_request_due", "listed_request", ["owner_group", "due_at", "request_id", "waits_for"], unique=False
    )
