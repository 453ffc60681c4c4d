"""Which forms were acted upon lately, so that one that is sent twice is acted upon once"""

import sqlalchemy as sa
from alembic import op

from engine.models import Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "sent_form",
        sa.Column("sent_key", sa.String(length=64), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sent_key", name=op.f("pk_sent_form")),
    )
    op.create_index(op.f("ix_sent_form_sent_at"), "sent_form", ["sent_at"])
