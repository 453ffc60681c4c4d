"""Service-task handlers: what a job type in a diagram does.

Handlers write rows only; effects leave through the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from handlers.decisions import record_decision
from handlers.delivery import deliver_email, deliver_letter
from handlers.earlier import find_requests, look_up_person
from handlers.email import send_email
from handlers.fields import set_fields
from handlers.letters import fill_form, issue_letter
from handlers.notes import add_note, log_contact_attempt, notify_group
from handlers.open_work import find_open_work
from handlers.payments import approve_payment, draft_payment, instruct_payment, read_payment, update_payment
from handlers.payments_delivery import deliver_payment
from handlers.procedures import hand_over, reopen_request
from handlers.readable_versions import issue_translation, make_letter_text, record_supplier_dispatch
from handlers.requests import close_request, complete_request, create_request

if TYPE_CHECKING:
    from engine.world import Delivery, Handler

HANDLERS: Mapping[str, Handler] = {
    "add_note": add_note,
    "approve_payment": approve_payment,
    "close_request": close_request,
    "complete_request": complete_request,
    "create_request": create_request,
    "draft_payment": draft_payment,
    "fill_form": fill_form,
    "find_open_work": find_open_work,
    "find_requests": find_requests,
    "hand_over": hand_over,
    "instruct_payment": instruct_payment,
    "issue_letter": issue_letter,
    "issue_translation": issue_translation,
    "log_contact_attempt": log_contact_attempt,
    "look_up_person": look_up_person,
    "make_letter_text": make_letter_text,
    "notify_group": notify_group,
    "read_payment": read_payment,
    "record_decision": record_decision,
    "record_supplier_dispatch": record_supplier_dispatch,
    "reopen_request": reopen_request,
    "send_email": send_email,
    "set_fields": set_fields,
    "update_payment": update_payment,
}

DELIVERIES: Mapping[str, Delivery] = {
    "email": deliver_email,
    "letter": deliver_letter,
    "payment": deliver_payment,
}
