"""The tables. Declarative models for the schema and for reads; the step writes them with Core statements.

`*_at` are aware UTC instants, `*_on` dates, money is integer pence. Columns named `values`, `facts`, `data` and the
like hold text written by `engine.values`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import DateTime, TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; a naive one is refused, so that no local time slips in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Store UTC. Raises: ValueError for a naive instant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back what was stored, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Instant, bytes: LargeBinary}  # noqa: RUF012 - SQLAlchemy reads it from the class


class Person(Base):
    """Somebody who signs in."""

    __tablename__ = "person"
    person_id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    job_title: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)


class Membership(Base):
    """A person belongs to a candidate group (groups are declared in processes/groups.toml)."""

    __tablename__ = "membership"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id"), primary_key=True)
    group_key: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)


class Case(Base):
    """One client's maintenance case, as far as complaints need it."""

    __tablename__ = "case_file"
    case_id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    client_name: Mapped[str] = mapped_column(String(120), index=True)
    nation: Mapped[str] = mapped_column(String(40))
    facts: Mapped[str] = mapped_column(Text, default="{}")
    lock_flag: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class ServiceRequest(Base):
    """One request on a case: review, resolution, enquiry, payment ... Its number is the business key."""

    __tablename__ = "service_request"
    request_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    process: Mapped[str] = mapped_column(String(80), default="")
    area: Mapped[str] = mapped_column(String(80), default="")
    sub_area: Mapped[str] = mapped_column(String(80), default="")
    status: Mapped[str] = mapped_column(String(80))
    sub_status: Mapped[str | None] = mapped_column(String(80))
    resolution_code: Mapped[str | None] = mapped_column(String(120))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    owner_group: Mapped[str | None] = mapped_column(String(80))
    facts: Mapped[str] = mapped_column(Text, default="{}")
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_service_request_status_kind", "status", "kind"),)


class RequestLink(Base):
    """Two requests of a case belong together: child, related or raised_from."""

    __tablename__ = "request_link"
    link_id: Mapped[int] = mapped_column(primary_key=True)
    from_request_id: Mapped[int] = mapped_column(ForeignKey("service_request.request_id"), index=True)
    to_request_id: Mapped[int] = mapped_column(ForeignKey("service_request.request_id"), index=True)
    relation: Mapped[str] = mapped_column(String(20))


class Note(Base):
    """A note on a case; notes are only ever added."""

    __tablename__ = "note"
    note_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.request_id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]


class ContactAttempt(Base):
    """One try to reach the client."""

    __tablename__ = "contact_attempt"
    attempt_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.request_id"), index=True)
    channel: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(80))
    day_part: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    made_at: Mapped[datetime]


class Blob(Base):
    """Bytes stored once, by content."""

    __tablename__ = "blob"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes]


class Document(Base):
    """A letter, form or piece of evidence attached to a service request."""

    __tablename__ = "document"
    document_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.request_id"), index=True)
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.instance_id"))
    kind: Mapped[str] = mapped_column(String(20))  # letter, leaflet, form, evidence
    template_id: Mapped[str | None] = mapped_column(String(40))
    template_sha256: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    facts: Mapped[str] = mapped_column(Text, default="{}")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    dispatched_at: Mapped[datetime | None]
    dispatch_ref: Mapped[str | None] = mapped_column(String(200))


class Payment(Base):
    """A non-standard payment: drafted when redress enters a plan, progressed only after approval. Amounts in pence."""

    __tablename__ = "payment"
    payment_id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.request_id"), index=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    status: Mapped[str] = mapped_column(String(40))  # Draft, Approved, Paid, Withdrawn
    requested_amount: Mapped[int]
    approved_amount: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime]


class Definition(Base):
    """One deployed, immutable version of a process folder with everything that it calls."""

    __tablename__ = "definition"
    definition_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    process_id: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    bundle: Mapped[bytes]
    is_in_force: Mapped[bool] = mapped_column(default=True)
    deployed_at: Mapped[datetime]
    deployed_by: Mapped[str] = mapped_column(String(120))
    __table_args__ = (UniqueConstraint("key", "version"), UniqueConstraint("key", "sha256"))


class ProcessInstance(Base):
    """One run of a definition. `version` counts its steps; `state` holds live tokens only."""

    __tablename__ = "process_instance"
    instance_id: Mapped[int] = mapped_column(primary_key=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.definition_id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.request_id"), index=True)
    business_key: Mapped[str | None] = mapped_column(String(80), index=True)
    status: Mapped[str] = mapped_column(String(20))  # active, retrying, incident, completed
    version: Mapped[int]
    state: Mapped[bytes]
    variables: Mapped[str] = mapped_column(Text)
    pending_facts: Mapped[str] = mapped_column(Text, default="{}")  # request.* before the service request exists
    history_seq: Mapped[int] = mapped_column(default=0)
    history_hash: Mapped[str] = mapped_column(String(64), default="")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_process_instance_status", "status"),)


class UserTask(Base):
    """A work item. Completed and withdrawn ones stay, so that a late submit can be told what happened."""

    __tablename__ = "user_task"
    task_id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.instance_id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    token: Mapped[str] = mapped_column(String(32))
    element_id: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    step: Mapped[str] = mapped_column(String(120), default="")
    process_id: Mapped[str] = mapped_column(String(120), default="")
    form_id: Mapped[str | None] = mapped_column(String(120))
    properties: Mapped[str] = mapped_column(Text, default="{}")
    candidate_group: Mapped[str | None] = mapped_column(String(80))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    status: Mapped[str] = mapped_column(String(12))  # open, completed, withdrawn
    version: Mapped[int] = mapped_column(default=1)
    priority: Mapped[int] = mapped_column(default=50)
    draft: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    __table_args__ = (
        UniqueConstraint("instance_id", "token"),
        Index("ix_user_task_worklist", "status", "assignee_id", "due_at"),
        Index("ix_user_task_queue", "status", "candidate_group", "due_at"),
    )


class Wait(Base):
    """What an instance waits for: a timer, a message, a signal or a deferred job. Rows exist only while it waits."""

    __tablename__ = "wait"
    wait_id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.instance_id"), index=True)
    token: Mapped[str] = mapped_column(String(32))
    element_id: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200), default="")
    element_name: Mapped[str] = mapped_column(String(200), default="")
    step: Mapped[str] = mapped_column(String(120), default="")
    form_id: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(10))
    correlation_key: Mapped[str | None] = mapped_column(String(200))
    due_at: Mapped[datetime | None]
    rule: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    __table_args__ = (
        Index("ix_wait_due", "due_at", sqlite_where=text("kind = 'timer'"), postgresql_where=text("kind = 'timer'")),
        # `kind` comes last, so that a poll for due timers is never tempted to use this one.
        Index("ix_wait_message", "name", "correlation_key", "kind"),
    )


class Outbox(Base):
    """An effect that is owed, written in the step's own transaction and delivered once by its key."""

    __tablename__ = "outbox"
    outbox_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(20))  # letter, email, signal
    payload: Mapped[str] = mapped_column(Text)
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.instance_id"), index=True)
    token: Mapped[str | None] = mapped_column(String(32))
    element_id: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12))  # new, busy, sent, failed
    attempts: Mapped[int] = mapped_column(default=0)
    available_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    result: Mapped[str | None] = mapped_column(Text)
    last_error: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (Index("ix_outbox_state_available_at", "state", "available_at"),)


class Job(Base):
    """The automatic rest of a step that failed and is tried again."""

    __tablename__ = "job"
    job_id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.instance_id"), unique=True)
    element_id: Mapped[str] = mapped_column(String(120))
    attempts: Mapped[int]
    retries: Mapped[int]
    available_at: Mapped[datetime] = mapped_column(index=True)
    last_error: Mapped[str] = mapped_column(Text)


class Incident(Base):
    """Something that needs a person: what stopped, where, why, and whether it was put right."""

    __tablename__ = "incident"
    incident_id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.instance_id"), index=True)
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("outbox.outbox_id"))
    element_id: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None] = mapped_column(index=True)
    resolved_by: Mapped[str | None] = mapped_column(String(120))


class Message(Base):
    """A message that arrived; one that nobody waited for is kept and shown until a person has dealt with it."""

    __tablename__ = "message"
    message_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    correlation_key: Mapped[str] = mapped_column(String(200), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    payload: Mapped[str] = mapped_column(Text)
    received_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    status: Mapped[str] = mapped_column(String(12))  # delivered, kept, handled
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.instance_id"))


class Notification(Base):
    """Tells a group or a person something; it is seen, not completed."""

    __tablename__ = "notification"
    notification_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.instance_id"))
    group_key: Mapped[str | None] = mapped_column(String(80), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))


class History(Base):
    """What happened, in order, for ever. Each row's hash covers the row before it; triggers refuse change."""

    __tablename__ = "history"
    history_id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.instance_id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    seq: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(30))
    element_id: Mapped[str] = mapped_column(String(120), default="")
    element_name: Mapped[str] = mapped_column(String(200), default="")
    step: Mapped[str] = mapped_column(String(120), default="")
    data: Mapped[str] = mapped_column(Text, default="{}")
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (UniqueConstraint("instance_id", "seq"),)


class Submission(Base):
    """The values behind a history row: kept apart from the chain (which holds their salted hash), so that a person's
    data can be erased and the chain still verifies."""

    __tablename__ = "submission"
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.instance_id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    salt: Mapped[str] = mapped_column(String(32))
    values: Mapped[str | None] = mapped_column(Text)


class BankHoliday(Base):
    """A day on which a nation does not work; seeded, then kept by operations."""

    __tablename__ = "bank_holiday"
    nation: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(120))


class Counter(Base):
    """The last number given out, per series (service requests, payments)."""

    __tablename__ = "counter"
    series: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]


class Setting(Base):
    """A value that operations keep in the database (the demonstration's clock, the salt of history)."""

    __tablename__ = "setting"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
