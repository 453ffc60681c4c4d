"""The tables of the first version"""

import sqlalchemy as sa
from alembic import op

import engine.models

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "bank_holiday",
        sa.Column("nation", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("nation", "day", name=op.f("pk_bank_holiday")),
    )
    op.create_table(
        "blob",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
    )
    op.create_table(
        "case_file",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("client_name", sa.String(length=120), nullable=False),
        sa.Column("nation", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("lock_flag", sa.Boolean(), nullable=False),
        sa.Column("created_at", engine.models.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("reference", name=op.f("uq_case_file_reference")),
    )
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_file_client_name"), ["client_name"], unique=False)

    op.create_table(
        "counter",
        sa.Column("series", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_counter")),
    )
    op.create_table(
        "definition",
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("process_id", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=False),
        sa.Column("is_in_force", sa.Boolean(), nullable=False),
        sa.Column("deployed_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("deployed_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("definition_id", name=op.f("pk_definition")),
        sa.UniqueConstraint("key", "sha256", name=op.f("uq_definition_key_sha256")),
        sa.UniqueConstraint("key", "version", name=op.f("uq_definition_key_version")),
    )
    op.create_table(
        "person",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("job_title", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("session_mark", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        sa.UniqueConstraint("username", name=op.f("uq_person_username")),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "membership",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("group_key", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("person_id", "group_key", name=op.f("pk_membership")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_group_key"), ["group_key"], unique=False)

    op.create_table(
        "service_request",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("process", sa.String(length=80), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("sub_area", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=80), nullable=False),
        sa.Column("sub_status", sa.String(length=80), nullable=True),
        sa.Column("resolution_code", sa.String(length=120), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("owner_group", sa.String(length=80), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("opened_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("closed_at", engine.models.Instant(timezone=True), nullable=True),
        sa.Column("reopened_at", engine.models.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_service_request_case_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.person_id"], name=op.f("fk_service_request_owner_id")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_service_request")),
        sa.UniqueConstraint("number", name=op.f("uq_service_request_number")),
    )
    with op.batch_alter_table("service_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_request_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_service_request_status_kind", ["status", "kind"], unique=False)

    op.create_table(
        "contact",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("recorded_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_contact_case_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.person_id"], name=op.f("fk_contact_recorded_by_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact")),
        sa.UniqueConstraint("number", name=op.f("uq_contact_number")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_case_id"), ["case_id"], unique=False)

    op.create_table(
        "contact_attempt",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=80), nullable=False),
        sa.Column("day_part", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("recorded_at", engine.models.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_contact_attempt_case_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.person_id"], name=op.f("fk_contact_attempt_made_by_id")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["service_request.request_id"], name=op.f("fk_contact_attempt_request_id")
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_contact_attempt")),
    )
    with op.batch_alter_table("contact_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_attempt_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_attempt_request_id"), ["request_id"], unique=False)

    op.create_table(
        "note",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", engine.models.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.person_id"], name=op.f("fk_note_author_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_note_case_id")),
        sa.ForeignKeyConstraint(["request_id"], ["service_request.request_id"], name=op.f("fk_note_request_id")),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_note")),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_request_id"), ["request_id"], unique=False)

    op.create_table(
        "payment",
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("payment_request_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("requested_amount", sa.Integer(), nullable=False),
        sa.Column("approved_amount", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("instructed_at", engine.models.Instant(timezone=True), nullable=True),
        sa.Column("instruction_ref", sa.String(length=200), nullable=True),
        sa.Column("updated_at", engine.models.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["service_request.request_id"], name=op.f("fk_payment_request_id")),
        sa.ForeignKeyConstraint(
            ["payment_request_id"], ["service_request.request_id"], name=op.f("fk_payment_payment_request_id")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_payment")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_number")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_request_id"), ["request_id"], unique=False)

    op.create_table(
        "process_instance",
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("business_key", sa.String(length=80), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("variables", sa.Text(), nullable=False),
        sa.Column("pending_facts", sa.Text(), nullable=False),
        sa.Column("history_seq", sa.Integer(), nullable=False),
        sa.Column("history_hash", sa.String(length=64), nullable=False),
        sa.Column("started_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("ended_at", engine.models.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_process_instance_case_id")),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definition.definition_id"], name=op.f("fk_process_instance_definition_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["service_request.request_id"], name=op.f("fk_process_instance_request_id")
        ),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_process_instance")),
    )
    with op.batch_alter_table("process_instance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_process_instance_business_key"), ["business_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_process_instance_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_process_instance_request_id"), ["request_id"], unique=False)
        batch_op.create_index("ix_process_instance_status", ["status"], unique=False)

    op.create_table(
        "request_link",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("from_request_id", sa.Integer(), nullable=False),
        sa.Column("to_request_id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_request_id"], ["service_request.request_id"], name=op.f("fk_request_link_from_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["to_request_id"], ["service_request.request_id"], name=op.f("fk_request_link_to_request_id")
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_request_link")),
    )
    with op.batch_alter_table("request_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_link_from_request_id"), ["from_request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_request_link_to_request_id"), ["to_request_id"], unique=False)

    op.create_table(
        "user_task",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("step", sa.String(length=120), nullable=False),
        sa.Column("process_id", sa.String(length=120), nullable=False),
        sa.Column("form_id", sa.String(length=120), nullable=True),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.Column("candidate_group", sa.String(length=80), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=True),
        sa.Column("created_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("due_at", engine.models.Instant(timezone=True), nullable=True),
        sa.Column("ended_at", engine.models.Instant(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.person_id"], name=op.f("fk_user_task_assignee_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_user_task_case_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.person_id"], name=op.f("fk_user_task_ended_by_id")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.instance_id"], name=op.f("fk_user_task_instance_id")
        ),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_user_task")),
        sa.UniqueConstraint("instance_id", "token", name=op.f("uq_user_task_instance_id_token")),
    )
    with op.batch_alter_table("user_task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_task_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_user_task_queue", ["status", "candidate_group", "due_at"], unique=False)
        batch_op.create_index("ix_user_task_worklist", ["status", "assignee_id", "due_at"], unique=False)

    op.create_table(
        "document",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("instance_id", sa.Integer(), nullable=True),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("template_id", sa.String(length=40), nullable=True),
        sa.Column("template_sha256", sa.String(length=64), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("created_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("dispatched_at", engine.models.Instant(timezone=True), nullable=True),
        sa.Column("dispatch_ref", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_document_case_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.person_id"], name=op.f("fk_document_created_by_id")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.instance_id"], name=op.f("fk_document_instance_id")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["service_request.request_id"], name=op.f("fk_document_request_id")),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_document_sha256")),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.task_id"], name=op.f("fk_document_task_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_request_id"), ["request_id"], unique=False)

    op.create_table(
        "history",
        sa.Column("history_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("element_name", sa.String(length=200), nullable=False),
        sa.Column("step", sa.String(length=120), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_history_case_id")),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.instance_id"], name=op.f("fk_history_instance_id")),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_history")),
        sa.UniqueConstraint("instance_id", "seq", name=op.f("uq_history_instance_id_seq")),
    )
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_history_case_id"), ["case_id"], unique=False)

    op.create_table(
        "job",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("available_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.instance_id"], name=op.f("fk_job_instance_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job")),
        sa.UniqueConstraint("instance_id", name=op.f("uq_job_instance_id")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_available_at"), ["available_at"], unique=False)

    op.create_table(
        "message",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("correlation_key", sa.String(length=200), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_message_case_id")),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.instance_id"], name=op.f("fk_message_instance_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.person_id"], name=op.f("fk_message_recorded_by_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_correlation_key"), ["correlation_key"], unique=False)

    op.create_table(
        "notification",
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("instance_id", sa.Integer(), nullable=True),
        sa.Column("group_key", sa.String(length=80), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("seen_at", engine.models.Instant(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_notification_case_id")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.instance_id"], name=op.f("fk_notification_instance_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_notification_person_id")),
        sa.ForeignKeyConstraint(["seen_by_id"], ["person.person_id"], name=op.f("fk_notification_seen_by_id")),
        sa.PrimaryKeyConstraint("notification_id", name=op.f("pk_notification")),
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notification_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notification_group_key"), ["group_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_notification_person_id"), ["person_id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=True),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.Column("element_id", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("available_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("lease_until", engine.models.Instant(timezone=True), nullable=True),
        sa.Column("created_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("sent_at", engine.models.Instant(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.instance_id"], name=op.f("fk_outbox_instance_id")),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index("ix_outbox_state_available_at", ["state", "available_at"], unique=False)

    op.create_table(
        "submission",
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("values", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.instance_id"], name=op.f("fk_submission_instance_id")
        ),
        sa.PrimaryKeyConstraint("instance_id", "seq", name=op.f("pk_submission")),
    )
    op.create_table(
        "wait",
        sa.Column("wait_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("element_name", sa.String(length=200), nullable=False),
        sa.Column("step", sa.String(length=120), nullable=False),
        sa.Column("form_id", sa.String(length=120), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("correlation_key", sa.String(length=200), nullable=True),
        sa.Column("due_at", engine.models.Instant(timezone=True), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("created_at", engine.models.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.instance_id"], name=op.f("fk_wait_instance_id")),
        sa.PrimaryKeyConstraint("wait_id", name=op.f("pk_wait")),
    )
    with op.batch_alter_table("wait", schema=None) as batch_op:
        batch_op.create_index(
            "ix_wait_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("kind = 'timer'"),
            postgresql_where=sa.text("kind = 'timer'"),
        )
        batch_op.create_index(batch_op.f("ix_wait_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index("ix_wait_message", ["name", "correlation_key", "kind"], unique=False)

    op.create_table(
        "incident",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=True),
        sa.Column("outbox_id", sa.Integer(), nullable=True),
        sa.Column("element_id", sa.String(length=120), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raised_at", engine.models.Instant(timezone=True), nullable=False),
        sa.Column("resolved_at", engine.models.Instant(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.instance_id"], name=op.f("fk_incident_instance_id")
        ),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.outbox_id"], name=op.f("fk_incident_outbox_id")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incident")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incident_resolved_at"), ["resolved_at"], unique=False)
    _refuse_changes_to_history()


def _refuse_changes_to_history() -> None:
    """History is append-only: the database itself refuses to change or delete a row."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_history_change() RETURNS trigger AS "
            "$$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$ LANGUAGE plpgsql"
        )
        op.execute(
            "CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON history "
            "FOR EACH ROW EXECUTE FUNCTION refuse_history_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER history_refuses_{verb.lower()} BEFORE {verb} ON history "
            "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
        )
