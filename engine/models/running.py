"""Definitions, instances and what they wait for and owe; messages, incidents and history."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.models.base import Base


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


class EventStart(Base):
    """An event that starts a procedure in force: a message or a signal by its name, or a timer that has a due date.

    A timer whose rounds are over keeps its row, without a due date, so that it does not begin again.
    """

    __tablename__ = "event_start"
    event_start_id: Mapped[int] = mapped_column(primary_key=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.definition_id"))
    key: Mapped[str] = mapped_column(String(80))
    element_id: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(10))  # message, signal, timer
    name: Mapped[str] = mapped_column(String(200), default="")
    rule: Mapped[str] = mapped_column(Text, default="")  # a timer's, as drawn
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    repeats: Mapped[int | None]  # rounds still to come; None without end, or where there is one date
    every: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("key", "element_id"), Index("ix_event_start_name", "name", "kind"))


class ProcessInstance(Base):
    """One run of a definition. `version` counts its steps; `state` holds live tokens only."""

    __tablename__ = "process_instance"
    instance_id: Mapped[int] = mapped_column(primary_key=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.definition_id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.request_id"), index=True)
    business_key: Mapped[str | None] = mapped_column(String(80), index=True)
    status: Mapped[str] = mapped_column(String(20))  # active, retrying, incident, suspended; completed, cancelled
    version: Mapped[int]
    state: Mapped[bytes]
    variables: Mapped[str] = mapped_column(Text)
    pending_facts: Mapped[str] = mapped_column(Text, default="{}")  # request.* before the service request exists
    history_seq: Mapped[int] = mapped_column(default=0)
    history_hash: Mapped[str] = mapped_column(String(64), default="")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_process_instance_status", "status"),)


def _of_open(name: str, *columns: str, also: str = "") -> Index:
    """Return an index of open tasks alone: the others, ever more of them, cost nothing there."""
    where = text("status = 'open'" + (f" AND {also}" if also else ""))
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


# Sorted as bytes, whatever language the database sorts in: a page can begin after what the last one ended with.
_BYTEWISE = String(120).with_variant(String(120, "C"), "postgresql")


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
    draft_saved_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    waits_for: Mapped[str] = mapped_column(String(8), server_default="us")  # us, client, outside
    # What worklists are filtered and sorted by. The database keeps it from the facts, by triggers: migration 0008.
    procedure_key: Mapped[str] = mapped_column(String(80), server_default="")
    stage: Mapped[str] = mapped_column(String(80), server_default="")
    nation: Mapped[str] = mapped_column(String(80), server_default="")
    source: Mapped[str | None] = mapped_column(String(8))  # mp, ice, phso
    reference: Mapped[str] = mapped_column(_BYTEWISE, server_default="")
    client_sort: Mapped[str] = mapped_column(_BYTEWISE, server_default="")
    __table_args__ = (
        UniqueConstraint("instance_id", "token"),
        _of_open("ix_user_task_free", "candidate_group", "due_at", "task_id", also="assignee_id IS NULL"),
        _of_open("ix_user_task_held", "candidate_group", "due_at", "task_id", also="assignee_id IS NOT NULL"),
        _of_open("ix_user_task_mine", "assignee_id", "due_at", "task_id", also="assignee_id IS NOT NULL"),
        _of_open("ix_user_task_newest", "candidate_group", "task_id"),
        _of_open("ix_user_task_client", "candidate_group", "client_sort", "task_id"),
        _of_open("ix_user_task_reference", "candidate_group", "reference", "task_id"),
        _of_open(
            "ix_user_task_source",
            *("candidate_group", "source", "due_at", "task_id"),
            also="assignee_id IS NULL AND source IS NOT NULL",
        ),
    )


class ListedRequest(Base):
    """An open service request as lists are filtered and sorted by it: who has it, what it waits for, its next date.

    `waits_for` holds a word for each: owner, outside, other, stopped, service, client, date; or served, where a request
    is worked on with the one whose child it is. A row exists only while the request is open. The database keeps it, by
    triggers: migration 0009.
    """

    __tablename__ = "listed_request"
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.request_id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    owner_group: Mapped[str | None] = mapped_column(String(80))
    waits_for: Mapped[str] = mapped_column(String(80), server_default="")
    due_at: Mapped[datetime | None]
    procedure_key: Mapped[str] = mapped_column(String(80), server_default="")
    stage: Mapped[str] = mapped_column(String(80), server_default="")
    nation: Mapped[str] = mapped_column(String(80), server_default="")
    source: Mapped[str | None] = mapped_column(String(8))  # mp, ice, phso
    reference: Mapped[str] = mapped_column(_BYTEWISE, server_default="")
    client_sort: Mapped[str] = mapped_column(_BYTEWISE, server_default="")
    __table_args__ = (
        Index("ix_listed_request_owner", "owner_id", "due_at", "request_id"),
        # What they wait for is asked of every row that is counted, and of very many that are looked through.
        Index("ix_listed_request_due", "owner_group", "due_at", "request_id", "waits_for"),
        Index("ix_listed_request_newest", "owner_group", "request_id"),
        Index("ix_listed_request_client", "owner_group", "client_sort", "request_id"),
        Index("ix_listed_request_reference", "owner_group", "reference", "request_id"),
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
    state: Mapped[str] = mapped_column(String(12))  # new, busy, sent, failed, withdrawn
    attempts: Mapped[int] = mapped_column(default=0)
    available_at: Mapped[datetime]
    owner: Mapped[str | None] = mapped_column(String(120))  # who claimed it last
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
    sender_id: Mapped[str | None] = mapped_column(String(200))  # the sender's own id of it
    handled_at: Mapped[datetime | None]  # when a kept one was marked as dealt with; earlier releases did not say
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    __table_args__ = (
        UniqueConstraint("name", "sender_id"),
        # The few that a person still has to deal with, among all that ever arrived.
        Index(
            "ix_message_kept",
            "message_id",
            sqlite_where=text("status = 'kept'"),
            postgresql_where=text("status = 'kept'"),
        ),
        # Those about no case are listed with who dealt with them: a case page shows the others.
        Index(
            "ix_message_handled_without_case",
            "message_id",
            sqlite_where=text("status = 'handled' AND case_id IS NULL"),
            postgresql_where=text("status = 'handled' AND case_id IS NULL"),
        ),
    )


class Notification(Base):
    """Tells a group or a person something; it is seen, not completed."""

    __tablename__ = "notification"
    notification_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.instance_id"))
    group_key: Mapped[str | None] = mapped_column(String(80), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("user_task.task_id"), index=True)
    kind: Mapped[str] = mapped_column(
        String(20), default="told"
    )  # told, assigned, overdue, approved, rejected, replied
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
