"""A state that any released version stored loads in this one and runs on to the same end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from lxml import etree

from engine.spiff.codec import FORMAT
from engine.spiff.extensions import xpath
from tests.engine.test_spiff_table import CELLS
from tests.migrations.golden import STATES, act, files, layout, restored, written
from tests.soak.coverage import rows_of

FILES = sorted(STATES.glob("*/*.json"))
OTHERWISE = (
    "A state is stored in another way than before. If codec.restore reads the old files as they are, add files of the "
    "new way with `python -m tests.migrations.golden`. If not, count codec.FORMAT up, keep reading the old format, and "
    "then add the files."
)
# What goes on at once: no state ever stands there.
NEVER_WAITS = (
    "none-event-", "link-event-", "signal-event-intermediate-throw", "escalation-event-intermediate-throw",
    "signal-event-end", "error-event-end", "escalation-event-end", "terminate-event-end", "exclusive-gateway-",
    "several-flows-", "flows-with-conditions-", "several-start-events-", "task-", "manual-task-",
)  # fmt: skip


def test_every_format_has_files() -> None:
    assert {file.parent.name for file in FILES} == {f"format_{version}" for version in range(1, FORMAT + 1)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_stored_state_loads_and_runs_on(file: Any) -> None:
    kept = json.loads(file.read_text())
    run = restored(kept["diagram"].encode(), kept["state"], kept["variables"])
    act(run.go_on(), kept["after"])
    assert run.ended
    assert run.variables == kept["ends_with"]


@pytest.mark.parametrize("name", files(FORMAT))
def test_what_is_stored_now_is_among_the_files(name: str) -> None:
    """Whoever changes how a state is stored adds files of the new way, and the old ones must go on loading."""
    present = files(FORMAT)
    file = present[name]
    story = (file["diagram"], file["before"])
    same = [other for other in present.values() if (other["diagram"], other["before"]) == story]
    _, state, variables = written(file["diagram"].encode(), file["before"])
    assert layout(state, variables) in [layout(other["state"], other["variables"]) for other in same], OTHERWISE


def test_every_kind_that_can_wait_waits_in_some_file() -> None:
    waits = {cell.name for cell in CELLS if cell.runs and not cell.name.startswith(NEVER_WAITS)}
    waiting = {row for file in files(FORMAT).values() for row in _waiting(file)}
    assert {row for row in waits - waiting if not row.endswith("-start-of-a-process")} == set()


def _waiting(file: Mapping[str, Any]) -> Iterator[str]:
    names = layout(file["state"], file["variables"])[1]
    live = {name.split("|")[0].split("#")[0] for name in names if "|" in name}
    root = etree.fromstring(file["diagram"].encode())
    # An event sub-process stands for its start, and an event-based gateway for the events behind it.
    for handler in xpath(root, "//b:subProcess[@triggeredByEvent='true']"):
        if handler.get("id") in live:
            live |= {str(start.get("id")) for start in xpath(handler, "./b:startEvent")}
    gateways = {str(node.get("id")) for node in xpath(root, "//b:eventBasedGateway")} & live
    live |= {
        str(flow.get("targetRef")) for flow in xpath(root, "//b:sequenceFlow") if flow.get("sourceRef") in gateways
    }
    yield from (row for row, elements in rows_of(file["diagram"].encode()).items() if elements & live)
