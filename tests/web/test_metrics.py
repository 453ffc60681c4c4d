"""What is measured: how things stand, what happened, and that every alert can fire and says what to do."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine import interventions, worker
from engine.settings import ROOT
from tests.web.journeys import call, refer
from tests.world import somebody
from web.logs import Discreet, JsonLines

TOKEN = "fictional-token-of-the-tests"


@pytest.fixture
def read(app, deployed):
    """What /metrics says, by name and labels."""
    deployed.settings = replace(deployed.settings, metrics_token=TOKEN)

    def measured():
        answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        families = text_string_to_metric_families(answer.text)
        return {(one.name, *sorted(one.labels.values())): one.value for family in families for one in family.samples}

    return measured


def test_how_things_stand_is_told_by_state(read, visitor, deployed, case_id):
    refer(visitor("owning_team"), case_id)
    assert read()["redress_instances", "active"] == 1
    assert read()["redress_waits_overdue",] == 0
    interventions.suspend(deployed, 1, reason="To see it.", actor=somebody(deployed, "operations"))
    assert (read()["redress_instances", "active"], read()["redress_instances", "suspended"]) == (0, 1)


def test_a_timer_that_nobody_fires_is_overdue_until_it_is_fired(read, visitor, deployed, case_id):
    call(refer(visitor("owning_team"), case_id))
    due = worker.next_work_at(deployed)
    deployed.clock.move_to(due + timedelta(minutes=10))
    assert read()["redress_waits_overdue",] >= 1
    assert read()["redress_oldest_due_seconds",] == 600
    worker.work_until_rest(deployed)
    assert (read()["redress_waits_overdue",], read()["redress_oldest_due_seconds",]) == (0, 0)


def test_steps_are_counted_with_their_time(read, visitor, case_id):
    before = read().get(("redress_step_seconds_count", "active"), 0)
    refer(visitor("owning_team"), case_id)
    assert read()["redress_step_seconds_count", "active"] == before + 1


def test_measurements_are_for_operations_and_for_who_has_the_token(app, deployed, visitor):
    stranger = app.test_client()
    assert stranger.get("/metrics").status_code == 403
    assert stranger.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403
    deployed.settings = replace(deployed.settings, metrics_token=TOKEN)
    assert stranger.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    operations, caseworker = visitor("operations"), visitor("review_caseworker")
    assert operations.client.get("/metrics").status_code == 200
    assert caseworker.client.get("/metrics").status_code == 403


def test_a_live_process_answers_even_when_it_is_not_ready(app, world):
    world.db.close()
    assert app.test_client().get("/health/live").get_json()["status"] == "ok"


def test_every_alert_watches_what_is_measured_and_says_what_to_do(read, visitor, case_id):
    refer(visitor("owning_team"), case_id)
    rules = (ROOT / "docs" / "alerts.yml").read_text()
    advice = (ROOT / "docs" / "operations.md").read_text()
    alerts = re.findall(r"alert: (\w+)", rules)
    assert len(alerts) > 5
    assert set(alerts) == set(re.findall(r"^### (\w+)$", advice, re.MULTILINE))
    measured = {name for name, *_ in read()} | {"redress_deliveries_total", "redress_incidents_open", "up"}
    watched = set(re.findall(r"\b(redress_\w+|up)\b", " ".join(re.findall(r"expr: (.+)", rules))))
    assert watched <= measured
    described = set(re.findall(r"`(redress_\w+)", advice))
    assert described >= {name.removesuffix("_bucket") for name in watched - {"up"}}


def test_a_line_of_the_log_carries_the_ids_of_what_it_is_about():
    record = logging.LogRecord("engine.step", logging.INFO, __file__, 1, "Took a step", None, None)
    record.instance_id, record.case_id, record.said = 7, 3, "Robin Example"
    line = json.loads(JsonLines().format(record))
    assert (line["event"], line["instance_id"], line["case_id"], line["level"]) == ("Took a step", 7, 3, "info")
    assert "Robin" not in json.dumps(line)
    assert Discreet("%(message)s").format(record) == "Took a step (case_id=3 instance_id=7)"


def test_a_traceback_stays_one_line_of_json():
    try:
        raise ValueError("broken")
    except ValueError as error:
        record = logging.LogRecord("web", logging.ERROR, __file__, 1, "A page failed", None, (ValueError, error, None))
    assert "\n" not in JsonLines().format(record)
