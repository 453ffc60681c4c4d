"""People, cases, service requests and what hangs on them; the bank holidays and the numbers given out."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.models.base import Base


class Person(Base):
    """Somebody who signs in."""

    __tablename__ = "person"
    person_id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    job_title: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    session_mark: Mapped[int] = mapped_column(default=0)  # counts up when the sessions of this person must end
    email: Mapped[str | None] = mapped_column(String(254))
    is_sent_digest: Mapped[bool] = mapped_column(default=True)
    digest_sent_on: Mapped[date | None]
    # Who they are at the department's own sign-in: issuer and subject, with a space between.
    identity: Mapped[str | None] = mapped_column(String(400), unique=True, index=True)


class SignInTry(Base):
    """A password was tried. `name` and `place` are keyed digests; rows are deleted after some minutes."""

    __tablename__ = "sign_in_try"
    try_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), index=True)
    place: Mapped[str] = mapped_column(String(64), index=True)
    tried_at: Mapped[datetime] = mapped_column(index=True)


class SentForm(Base):
    """A form that was acted upon, by the key that it carried; rows are deleted after a day."""

    __tablename__ = "sent_form"
    sent_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(index=True)


class Absence(Base):
    """Days on which somebody does not work, both included, and who stands in for them."""

    __tablename__ = "absence"
    absence_id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id"), index=True)
    first_on: Mapped[date]
    last_on: Mapped[date]
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"), index=True)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    recorded_at: Mapped[datetime]


class AccountChange(Base):
    """What was done to somebody's account, and by whom; without one, by a command on the server."""

    __tablename__ = "account_change"
    change_id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id"), index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    what: Mapped[str] = mapped_column(String(400))
    at: Mapped[datetime]


class SavedView(Base):
    """A worklist with its filters and its order, under a name; whoever has its address may open it."""

    __tablename__ = "saved_view"
    view_id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("person_id", "name"),)


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


class CaseSight(Base):
    """Somebody looked at a case: who, when and at what. Rows are only ever added."""

    __tablename__ = "case_sight"
    sight_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.case_id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id"))
    what: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    __table_args__ = (
        Index("ix_case_sight_case_id_at", "case_id", "at"),
        Index("ix_case_sight_person_id_at", "person_id", "at"),
    )


class ClientTerm(Base):
    """A word, number or postcode that a client is found by; `engine.client_terms` makes them."""

    __tablename__ = "client_term"
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)  # name, reference, phone, phone_end, postcode
    # Compared as bytes, whatever language the database sorts in: a beginning is then a range of the index.
    term: Mapped[str] = mapped_column(String(120).with_variant(String(120, "C"), "postgresql"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.case_id"), primary_key=True, index=True)


class Contact(Base):
    """One contact of a client, or of somebody for them, as it came in. It may hold several issues."""

    __tablename__ = "contact"
    contact_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.case_id"), index=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    source: Mapped[str] = mapped_column(String(40))  # client, mp, ice, phso
    channel: Mapped[str] = mapped_column(String(40))  # phone, letter, email, web
    received_on: Mapped[date]
    about: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))


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
    reopened_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_service_request_status_kind", "status", "kind"),
        Index("ix_service_request_owner_group", "owner_group", "request_id"),
        Index("ix_service_request_owner", "owner_id", "request_id"),
    )


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
    sent_key: Mapped[str | None] = mapped_column(String(64), unique=True, index=True)  # of the form it was sent with


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
    recorded_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]
    sent_key: Mapped[str | None] = mapped_column(String(64), unique=True, index=True)  # of the form it was sent with


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
    task_id: Mapped[int | None] = mapped_column(ForeignKey("user_task.task_id"))
    step: Mapped[str] = mapped_column(String(120), default="")  # of the procedure, such as "Review 14"
    kind: Mapped[str] = mapped_column(String(20))  # letter, leaflet, form, evidence
    template_id: Mapped[str | None] = mapped_column(String(40))
    template_sha256: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    file_name: Mapped[str] = mapped_column(String(200), default="")  # of what somebody uploaded
    media_type: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    facts: Mapped[str] = mapped_column(Text, default="{}")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id"))
    dispatched_at: Mapped[datetime | None]
    dispatch_ref: Mapped[str | None] = mapped_column(String(200))
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy reads it from the class


class Payment(Base):
    """A non-standard payment: drafted when redress enters a plan, progressed only after approval. Amounts in pence."""

    __tablename__ = "payment"
    payment_id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.request_id"), index=True)
    # The service request of kind "Payment - Non Standard" that the payment is worked on in.
    payment_request_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.request_id"))
    number: Mapped[str] = mapped_column(String(40), unique=True)
    status: Mapped[str] = mapped_column(String(40))  # Draft, Approved, Instructed, Paid, Withdrawn
    requested_amount: Mapped[int]
    approved_amount: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    instructed_at: Mapped[datetime | None]
    instruction_ref: Mapped[str | None] = mapped_column(String(200))
    updated_at: Mapped[datetime]


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
