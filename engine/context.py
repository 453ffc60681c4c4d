"""What a handler is given: the case that it works for, and the few things that it may do. Handlers write rows only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.facts import Facts
from engine.models import Counter
from engine.outbox import owe
from engine.spiff.host import BpmnError, Deferred, Job
from engine.upserts import upsert
from engine.world import Actor, World

if TYPE_CHECKING:
    from engine.definitions import LoadedDefinition

__all__ = ["BpmnError", "Deferred", "StepContext"]


@dataclass(frozen=True, slots=True)
class StepContext:
    """One job of one step: `job` says which element asked; everything is written in the step's own transaction."""

    world: World
    connection: Connection
    definition: LoadedDefinition
    facts: Facts
    job: Job
    instance_id: int
    case_id: int | None
    actor: Actor
    now: datetime

    @property
    def case(self) -> dict[str, Any]:
        """`case.*`, as expressions see it; a change is stored with the step."""
        fields: dict[str, Any] = self.facts.values["case"]
        return fields

    @property
    def request(self) -> dict[str, Any]:
        """`request.*`, as expressions see it; a change is stored with the step."""
        fields: dict[str, Any] = self.facts.values["request"]
        return fields

    @property
    def request_id(self) -> int | None:
        """The service request that the instance works on, once there is one."""
        return self.facts.request_id

    def enqueue(self, kind: str, payload: Mapping[str, object]) -> Deferred:
        """Owe an effect: it is delivered after the commit, once, and the token waits here until then."""
        owe(
            self.connection,
            key=f"{self.instance_id}-{self.job.element_id}-{self.job.visit}-{self.job.token[:8]}",
            kind=kind,
            payload=payload,
            now=self.now,
            instance_id=self.instance_id,
            token=self.job.token,
            element_id=self.job.element_id,
        )
        return Deferred()

    def next_number(self, series: str) -> int:
        """Return the next number of a series (service requests, payments); numbers are never used twice."""
        return next_number(self.connection, series)


def next_number(connection: Connection, series: str) -> int:
    """Return the next number of a series."""
    given_out = upsert(connection, Counter).values(series=series, value=1)
    counted = given_out.on_conflict_do_update(index_elements=["series"], set_={"value": Counter.value + 1})
    return int(connection.execute(counted.returning(Counter.value)).scalar_one())
