"""The facts that every case and service request has: each expression may use them without declaring them.

A declaration in dictionary.toml gives one of them a label, a hint or a picklist of the department's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.field_values import Field

_CASE = {
    "reference": "text",
    "nation": "choice",
    "client_name": "text",
    "client_address": "long_text",
    "language": "choice",
    "letter_format": "choice",
    "phone": "text",
}
_PERSONAL = {"case.client_name", "case.client_address", "case.phone"}
_REQUEST = {
    "number": "text",
    "kind": "choice",
    "status": "choice",
    "sub_status": "choice",
    "stage_of_complaint": "choice",
    "resolution_code": "choice",
    "process": "text",
    "area": "text",
    "sub_area": "text",
    "caseworker": "person",
    "team_leader": "person",
    "ice_gateway": "boolean",
    "source": "choice",
    "received_on": "date",
    "pending_assignment_at": "datetime",
    "owner_group": "text",
}
_PROCESS = {
    "actor": "person",
    "received_on": "date",
    "slots": "context",
    "paragraph": "long_text",
    "loopCounter": "number",
}


def _standing() -> dict[str, Field]:
    keys = {f"case.{name}": kind for name, kind in _CASE.items()}
    keys |= {f"request.{name}": kind for name, kind in _REQUEST.items()}
    keys |= _PROCESS
    return {
        key: Field(
            key=key,
            type=kind,
            label=key.rpartition(".")[2].replace("_", " ").capitalize(),
            is_personal=key in _PERSONAL,
        )
        for key, kind in keys.items()
    }


STANDING_FIELDS: Mapping[str, Field] = MappingProxyType(_standing())
