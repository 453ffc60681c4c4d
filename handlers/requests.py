"""Service requests: making one, and closing one only when nothing is owed any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, exists, insert, select, update

from engine.cases import add_note, link_requests, open_request
from engine.clock import LONDON
from engine.context import BpmnError, StepContext
from engine.facts import request_fields
from engine.models import Document, Message, Note, Notification, Payment, RequestLink, ServiceRequest
from handlers.earlier import request_on_case

SERIES = "service_request"
_ASKED: Any = bindparam("b_request")
# What hangs on a request, looked for at once whenever one is to be closed.
_OWED = select(
    exists().where(Note.request_id == _ASKED).label("notes"),
    exists().where(Payment.request_id == _ASKED, Payment.status.not_in(("Paid", "Withdrawn"))).label("unpaid"),
    exists()
    .where(
        ServiceRequest.request_id == RequestLink.to_request_id,
        RequestLink.from_request_id == _ASKED,
        RequestLink.relation == "child",
        ServiceRequest.status != "Closed",
    )
    .label("children"),
    exists().where(Message.correlation_key == bindparam("b_number"), Message.status == "kept").label("messages"),
)


def create_request(
    context: StepContext,
    *,
    kind: str,
    relation: str = "",
    main: bool = False,
    status: str = "Open",
    process: str = "",
    area: str = "",
    sub_area: str = "",
    raised_from: str | None = None,
    note: str | None = None,
    **fields: object,
) -> Mapping[str, object]:
    """Make a service request on the case.

    With `main` it becomes this instance's own: it takes over the facts of the start form, and its number becomes the
    business key; `raised_from` is then the number of the earlier request that it is linked to. Otherwise `relation`
    (``child``, ``related``) says how it is linked to the instance's own request, if there is one.
    Returns its number and, of the request that it was raised from, number, closed_on, caseworker, and who took part in
    it (`people`: the caseworker, the team leader, whoever authorised the referral to it, and who wrote its plan).
    Raises: ValueError when the process has no case or `raised_from` is not a request of the case.
    """
    if context.case_id is None:
        raise ValueError("A service request needs a case.")
    number = f"SR-{context.next_number(SERIES):06d}"
    given = {"kind": kind, "status": status, "process": process, "area": area, "sub_area": sub_area, **fields}
    if status == "Closed":
        given.setdefault("closed_at", context.now)  # dealt with already: nobody is to take it for work under way
    inherited: dict[str, Any] = dict(context.request) if main else _of_the_contact(context)
    request_id = open_request(
        context.connection,
        context.world,
        case_id=context.case_id,
        number=number,
        fields={**inherited, **given, "opened_at": context.now},
    )
    if main:
        _take_over(context, request_id)
    elif context.request_id is not None and relation:
        link_requests(context.connection, context.request_id, request_id, relation)
    earlier = _raised_from(context, request_id, raised_from) if raised_from else None
    if note:
        add_note(
            context.connection,
            context.world,
            case_id=context.case_id,
            request_id=request_id,
            text=note,
            author_id=context.actor.person_id,
        )
    return {"number": number, "raised_from": earlier}


def close_request(
    context: StepContext, *, resolution_code: str | None, closure_letter: str | None = None
) -> Mapping[str, object]:
    """Close the instance's service request: Status Closed, Sub Status Complete, with its Resolution Code.

    A dissatisfaction has none: the procedure states no code for it.

    Raises: BpmnError ``closure_refused`` with every reason, in `closure_problems`, when something is still owed.
    """
    problems = closure_problems(context, closure_letter)
    if problems:
        text = "\n".join(problems)
        raise BpmnError("closure_refused", text, {"closure_problems": text})
    context.request.update(
        status="Closed", sub_status="Complete", resolution_code=resolution_code, closed_at=context.now
    )
    context.request.pop("approvals_pending", None)  # nobody is to decide any more, whatever was under way
    if context.case.get("lock_flag"):
        _remind_to_unlock(context)
    return {"closed_at": context.now}


def complete_request(context: StepContext, *, number: str, note: str | None = None) -> Mapping[str, object]:
    """Close a child request whose own work is done.

    Raises: ValueError when the number is not a request of the case.
    """
    request_id = request_on_case(context, number)
    context.connection.execute(
        update(ServiceRequest)
        .where(ServiceRequest.request_id == request_id)
        .values(status="Closed", sub_status="Complete", closed_at=context.now)
    )
    if note and context.case_id is not None:
        add_note(
            context.connection,
            context.world,
            case_id=context.case_id,
            request_id=request_id,
            text=note,
            author_id=context.actor.person_id,
        )
    return {"number": number}


def closure_problems(context: StepContext, closure_letter: str | None) -> list[str]:
    """Return a sentence for each thing that stands in the way of closing."""
    request_id, connection = context.request_id, context.connection
    if request_id is None:
        return ["There is no service request to close."]
    problems = []
    if context.request.get("status") == "Closed":
        problems.append("The service request is closed already.")
    if closure_letter and not _letter_is_attached(context, closure_letter):
        problems.append(f"The closure letter {closure_letter} has not been issued and attached to this request.")
    owed = connection.execute(_OWED, {"b_request": request_id, "b_number": context.request.get("number")}).one()
    if not owed.notes:
        problems.append("There are no notes on this request. Add a note that says what was done.")
    if owed.unpaid:
        problems.append("A payment is still open. Complete it or withdraw it.")
    if owed.children:
        problems.append("A child request is still open. Complete it first.")
    if owed.messages:
        problems.append("The client has sent something that nobody has dealt with. Read it and mark it as dealt with.")
    return problems


def _of_the_contact(context: StepContext) -> dict[str, Any]:
    """Return which contact a request came of: one that is made beside the instance's own came of the same."""
    number = context.request.get("contact_number")
    return {"contact_number": number} if number else {}


def _take_over(context: StepContext, request_id: int) -> None:
    row = context.connection.execute(
        select(ServiceRequest.__table__).where(ServiceRequest.request_id == request_id)
    ).one()
    context.facts.bind(request_id, request_fields(row))


def _raised_from(context: StepContext, request_id: int, number: str) -> dict[str, object]:
    """Link a new request to the earlier one that it was raised from, and return what is known of that."""
    earlier_id = request_on_case(context, number)
    link_requests(context.connection, request_id, earlier_id, "related")
    row = context.connection.execute(
        select(ServiceRequest.__table__).where(ServiceRequest.request_id == earlier_id)
    ).one()
    earlier = request_fields(row)
    closed_on = row.closed_at.astimezone(LONDON).date() if row.closed_at else None
    took_part = [earlier.get(role) for role in ("caseworker", "team_leader", "authorised_by", "plan_author")]
    people = list(dict.fromkeys(person for person in took_part if person is not None))
    return {"number": number, "closed_on": closed_on, "caseworker": earlier.get("caseworker"), "people": people}


def _letter_is_attached(context: StepContext, letter: str) -> bool:
    """Tell whether the letter was dispatched; what closed a request before it was reopened closes it no second time."""
    reopened_at = context.connection.execute(
        select(ServiceRequest.reopened_at).where(ServiceRequest.request_id == context.request_id)
    ).scalar_one()
    dispatched = select(Document.document_id).where(
        Document.request_id == context.request_id,
        Document.template_id == letter,
        Document.kind == "letter",
        Document.dispatched_at.is_not(None),
        *([Document.dispatched_at >= reopened_at] if reopened_at is not None else []),
    )
    return context.connection.execute(dispatched.limit(1)).first() is not None


def _remind_to_unlock(context: StepContext) -> None:
    context.connection.execute(
        insert(Notification).values(
            case_id=context.case_id,
            instance_id=context.instance_id,
            group_key="owning_team",
            subject="Release the Lock Assignment Flag",
            text=f"{context.request.get('number')} is closed and the master case is still locked. "
            "Release the flag there, then record it on the case page.",
            sent_at=context.now,
        )
    )
