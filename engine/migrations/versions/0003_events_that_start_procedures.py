"""Events that start procedures"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "event_start",
        sa.Column("event_start_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("repeats", sa.Integer(), nullable=True),
        sa.Column("every", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["definition.definition_id"],
            name=op.f("fk_event_start_definition_id"),
        ),
        sa.PrimaryKeyConstraint("event_start_id", name=op.f("pk_event_start")),
        sa.UniqueConstraint("key", "element_id", name=op.f("uq_event_start_key_element_id")),
    )
    with op.batch_alter_table("event_start", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_start_due_at"), ["due_at"], unique=False)
        batch_op.create_index("ix_event_start_name", ["name", "kind"], unique=False)
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sender_id", sa.String(length=200), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_message_name_sender_id"), ["name", "sender_id"])
