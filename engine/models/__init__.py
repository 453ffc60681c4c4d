"""The tables. Declarative models for the schema and for reads; the step writes them with Core statements.

`*_at` are aware UTC instants, `*_on` dates, money is integer pence. Columns named `values`, `facts`, `data` and the
like hold text written by `engine.values`.
"""

from __future__ import annotations

from engine.models.base import Base, Instant
from engine.models.cases import (
    Absence,
    AccountChange,
    BankHoliday,
    Blob,
    Case,
    CaseSight,
    ClientTerm,
    Contact,
    ContactAttempt,
    Counter,
    Document,
    Membership,
    Note,
    Payment,
    Person,
    RequestLink,
    SavedView,
    ServiceRequest,
    Setting,
    SignInTry,
)
from engine.models.running import (
    Definition,
    EventStart,
    History,
    Incident,
    Job,
    ListedRequest,
    Message,
    Notification,
    Outbox,
    ProcessInstance,
    Submission,
    UserTask,
    Wait,
)

__all__ = [
    "Absence",
    "AccountChange",
    "BankHoliday",
    "Base",
    "Blob",
    "Case",
    "CaseSight",
    "ClientTerm",
    "Contact",
    "ContactAttempt",
    "Counter",
    "Definition",
    "Document",
    "EventStart",
    "History",
    "Incident",
    "Instant",
    "Job",
    "ListedRequest",
    "Membership",
    "Message",
    "Note",
    "Notification",
    "Outbox",
    "Payment",
    "Person",
    "ProcessInstance",
    "RequestLink",
    "SavedView",
    "ServiceRequest",
    "Setting",
    "SignInTry",
    "Submission",
    "UserTask",
    "Wait",
]
