"""`GET /metrics`: what Prometheus reads. It holds numbers and names of kinds, and nothing of any case."""

from __future__ import annotations

import os
from collections.abc import Iterator
from secrets import compare_digest

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from engine import measures
from engine.errors import NotAllowed
from engine.measures import Standing
from engine.settings import VERSION
from web.current import visitor, world

pages = Blueprint("metrics", __name__)

_STATUSES = ("active", "retrying", "incident", "suspended", "completed", "cancelled")
_OWED = ("new", "busy", "failed")


@pages.get("/metrics")
def metrics() -> Response:
    """Tell how things stand and what happened. Raises: NotAllowed without the token, unless operations ask."""
    _check_who_asks()
    with world().db.read() as connection:
        now = measures.standing(connection, now=world().clock.now())
    registry = CollectorRegistry()
    registry.register(_Now(now))
    return Response(generate_latest(registry) + generate_latest(_happened()), content_type=CONTENT_TYPE_LATEST)


def _check_who_asks() -> None:
    token = world().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and compare_digest(given.encode(), token.encode()):
        return
    person = visitor()
    if person is None or "operations" not in person.groups:
        raise NotAllowed("Measurements are for operations: sign in, or send the token as a bearer token.")


def _happened() -> CollectorRegistry:
    """Return what was counted: by all processes of this machine if they share a folder for it, else by this one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


class _Now(Collector):
    """How things stand, as gauges."""

    def __init__(self, now: Standing) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        """Yield each gauge; a state that nothing is in is told as 0, so that an alert on it has something to watch."""
        now = self.now
        yield _gauge("redress_info", "The version that runs.", "version", {VERSION: 1})
        statuses = {status: now.instances.get(status, 0) for status in _STATUSES}
        yield _gauge("redress_instances", "Process instances by status.", "status", statuses)
        yield GaugeMetricFamily("redress_waits_overdue", "Timers due for over a minute.", value=now.waits_overdue)
        yield GaugeMetricFamily("redress_oldest_due_seconds", "How long the oldest is due.", now.oldest_due_seconds)
        owed = {state: now.owed.get(state, 0) for state in _OWED}
        yield _gauge("redress_outbox_messages", "What is owed and not handed over, by state.", "state", owed)
        yield GaugeMetricFamily("redress_outbox_age_seconds", "Age of the oldest owed.", now.oldest_owed_seconds)
        yield _gauge("redress_incidents_open", "Open incidents by kind.", "kind", now.incidents)
        yield GaugeMetricFamily("redress_jobs_waiting", "Failed automatic steps to be tried again.", value=now.jobs)


def _gauge(name: str, told: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, told, labels=[label])
    for key, value in values.items():
        gauge.add_metric([key], value)
    return gauge
