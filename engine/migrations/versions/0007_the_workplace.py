"""Absences, saved views, who looked at a case, accounts: addresses and changes, what a notice is about, saved drafts

What every row has to have gets its value from the database, so that a process of the version before goes on working
while this one is put in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # Written out: Alembic would copy the table on SQLite, and other tables refer to it.
    op.execute("ALTER TABLE person ADD COLUMN is_sent_digest BOOLEAN DEFAULT TRUE NOT NULL")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.String(length=254), nullable=True))
        batch_op.add_column(sa.Column("digest_sent_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("identity", sa.String(length=400), nullable=True))
        batch_op.create_index(batch_op.f("ix_person_identity"), ["identity"], unique=True)
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sent_key", sa.String(length=64), nullable=True))
        batch_op.create_index(batch_op.f("ix_note_sent_key"), ["sent_key"], unique=True)
    with op.batch_alter_table("contact_attempt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("sent_key", sa.String(length=64), nullable=True))
        batch_op.create_index(batch_op.f("ix_contact_attempt_sent_key"), ["sent_key"], unique=True)
    with op.batch_alter_table("user_task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("draft_saved_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.add_column(sa.Column("task_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("kind", sa.String(length=20), nullable=False, server_default="told"))
        batch_op.create_foreign_key(batch_op.f("fk_notification_task_id"), "user_task", ["task_id"], ["task_id"])
        batch_op.create_index(batch_op.f("ix_notification_task_id"), ["task_id"], unique=False)
    op.create_table(
        "sign_in_try",
        sa.Column("try_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("try_id", name=op.f("pk_sign_in_try")),
    )
    for column in ("name", "place", "tried_at"):
        op.create_index(op.f(f"ix_sign_in_try_{column}"), "sign_in_try", [column], unique=False)
    is_kept = sa.text("status = 'kept'")
    op.create_index("ix_message_kept", "message", ["message_id"], sqlite_where=is_kept, postgresql_where=is_kept)
    op.create_table(
        "absence",
        sa.Column("absence_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("cover_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_absence_person_id")),
        sa.ForeignKeyConstraint(["cover_id"], ["person.person_id"], name=op.f("fk_absence_cover_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.person_id"], name=op.f("fk_absence_recorded_by_id")),
        sa.PrimaryKeyConstraint("absence_id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_person_id"), "absence", ["person_id"], unique=False)
    op.create_index(op.f("ix_absence_cover_id"), "absence", ["cover_id"], unique=False)
    op.create_table(
        "saved_view",
        sa.Column("view_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_saved_view_person_id")),
        sa.PrimaryKeyConstraint("view_id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("address", name=op.f("uq_saved_view_address")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_saved_view_person_id_name")),
    )
    op.create_index(op.f("ix_saved_view_person_id"), "saved_view", ["person_id"], unique=False)
    op.create_table(
        "case_sight",
        sa.Column("sight_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_sight_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_case_sight_person_id")),
        sa.PrimaryKeyConstraint("sight_id", name=op.f("pk_case_sight")),
    )
    op.create_index("ix_case_sight_case_id_at", "case_sight", ["case_id", "at"], unique=False)
    op.create_index("ix_case_sight_person_id_at", "case_sight", ["person_id", "at"], unique=False)
    op.create_table(
        "account_change",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=400), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_account_change_person_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.person_id"], name=op.f("fk_account_change_by_id")),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_account_change")),
    )
    op.create_index(op.f("ix_account_change_person_id"), "account_change", ["person_id"], unique=False)
