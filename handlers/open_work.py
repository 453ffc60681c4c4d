"""find_open_work: what still hangs on the service request when a client withdraws: child requests and payments."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, select

from engine.context import StepContext
from engine.models import Payment, RequestLink, ServiceRequest

PAYMENT_KIND = "Payment - Non Standard"
_CHILDREN = (
    select(ServiceRequest.number)
    .join(RequestLink, RequestLink.to_request_id == ServiceRequest.request_id)
    .where(RequestLink.from_request_id == bindparam("b_request"), RequestLink.relation == "child")
    .where(ServiceRequest.status != "Closed", ServiceRequest.kind != PAYMENT_KIND)
    .order_by(ServiceRequest.request_id)
)
_PAYMENTS = (
    select(Payment.number, Payment.status)
    .where(Payment.request_id == bindparam("b_request"), Payment.status.not_in(("Paid", "Withdrawn")))
    .order_by(Payment.payment_id)
)


def find_open_work(context: StepContext) -> Mapping[str, object]:
    """Return the numbers of what is open, oldest first.

    That is: open_children (child requests, without those of payments), draft_payments (not approved yet) and
    open_payments (approved, or instructed and not paid yet); instructed_payments are those that were instructed.
    """
    of_request = {"b_request": context.request_id}
    children = context.connection.execute(_CHILDREN, of_request).scalars()
    payments = context.connection.execute(_PAYMENTS, of_request).all()
    return {
        "open_children": list(children),
        "draft_payments": [row.number for row in payments if row.status == "Draft"],
        "open_payments": [row.number for row in payments if row.status != "Draft"],
        "instructed_payments": [row.number for row in payments if row.status == "Instructed"],
    }
