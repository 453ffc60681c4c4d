"""What clients are found by"""

import sqlalchemy as sa
from alembic import op

from engine import client_terms

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    term = sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql")
    op.create_table(
        "client_term",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("term", term, nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_client_term_case_id")),
        sa.PrimaryKeyConstraint("kind", "term", "case_id", name=op.f("pk_client_term")),
    )
    with op.batch_alter_table("client_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_client_term_case_id"), ["case_id"], unique=False)
    client_terms.write_all(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        # A row's trigger does not see TRUNCATE.
        op.execute(
            "CREATE TRIGGER history_is_never_emptied BEFORE TRUNCATE ON history "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change()"
        )
