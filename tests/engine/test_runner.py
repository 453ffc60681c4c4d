"""Any accepted BPMN file is run by a script, plain or of our dialect; the trace, the data and the waits are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from engine.decisions import DecisionError, evaluate
from engine.runner import CaseInvalid, run
from engine.settings import ROOT
from tests.engine.spiff_world import diagram, end, flow, log, node, on_message, process, seq, start, timer
from web.run_commands import register

PLAIN = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="x" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '<message id="m" name="go"/><signal id="sig" name="stop"/>%s</definitions>'
)


def plain(*parts: str) -> bytes:
    return (PLAIN % "".join(parts).replace("bpmn:", "")).encode()


CHOICE = plain(
    '<process id="p" isExecutable="true">',
    start(),
    '<scriptTask id="count" scriptFormat="feel"><script>{x: a + 1}</script></scriptTask>',
    '<exclusiveGateway id="g" default="no"/>',
    seq("s", "count", "g"),
    flow("g", "u", "x > 3", "yes"),
    flow("g", "e", flow_id="no"),
    '<userTask id="u"/><serviceTask id="charge"/>',
    seq("u", "charge", "e"),
    end(),
    "</process>",
)


def test_a_plain_file_runs_with_conditions_scripts_and_jobs() -> None:
    result = run(CHOICE, {"variables": {"a": 3}, "jobs": {"charge": {"returns": {"paid": True}}}})
    assert (result.status, result.tasks, result.data) == ("waiting", ("u",), {"a": 3, "x": 4})
    case = {
        "variables": {"a": 3},
        "jobs": {"charge": {"returns": {"paid": True}}},
        "step": [{"complete": "u", "with": {"who": "me"}}],
    }
    done = run(CHOICE, case)
    assert (done.status, done.completed) == ("completed", ("s", "count", "g", "u", "charge", "e"))
    assert done.data == {"a": 3, "x": 4, "who": "me", "paid": True}
    assert run(CHOICE, {"variables": {"a": 1}}).completed == ("s", "count", "g", "e")


def test_a_condition_that_is_neither_true_nor_false_is_an_incident_with_its_values() -> None:
    result = run(CHOICE, {"variables": {"a": "three"}})
    assert result.status == "incident"
    assert result.incident is not None
    assert result.incident["element"] == "g"


def test_a_job_that_fails_keeps_the_persons_work_and_can_be_retried() -> None:
    jobs = {"charge": [{"fails": "the provider is down"}, {"returns": {"paid": True}}]}
    case = {"variables": {"a": 3}, "jobs": jobs, "step": [{"complete": "u", "with": {"who": "me"}}]}
    failed = run(CHOICE, case)
    assert (failed.status, failed.data["who"]) == ("incident", "me")
    assert failed.incident is not None
    assert "the provider is down" in failed.incident["message"]
    tried_again = run(CHOICE, case | {"step": [*case["step"], {"retry": True}]})  # type: ignore[misc]
    assert (tried_again.status, tried_again.data["paid"]) == ("completed", True)


def test_time_messages_and_jobs_that_wait() -> None:
    body = diagram(
        process(
            "p",
            start(),
            node("intermediateCatchEvent", "hear", on_message()),
            node("intermediateCatchEvent", "week", timer("P7D")),
            log("later"),
            end(),
            seq("s", "hear", "week", "later", "e"),
        )
    )
    case = {
        "variables": {"k": "K"},
        "jobs": {"log": {"waits": True}},
        "step": [
            {"message": "Hi", "key": "K", "with": {"said": "yes"}},
            {"wait": "P6D"},
            {"wait": "P1D"},
            {"job": "later", "returns": {"n": 1}},
        ],
    }
    assert run(body, case | {"step": case["step"][:2]}).waits[0]["due_at"] == "2026-01-12T09:00:00+00:00"  # type: ignore[index]
    done = run(body, case)
    assert (done.status, done.data) == ("completed", {"k": "K", "said": "yes", "n": 1})


def test_a_process_that_a_message_starts_hears_what_another_throws() -> None:
    body = plain(
        '<process id="a" isExecutable="true">',
        start(),
        '<endEvent id="tell"><messageEventDefinition messageRef="m"/></endEvent>',
        seq("s", "tell"),
        '</process><process id="b" isExecutable="true">',
        '<startEvent id="told"><messageEventDefinition messageRef="m"/></startEvent><userTask id="work"/>',
        end("e2"),
        seq("told", "work", "e2"),
        "</process>",
    )
    result = run(body, {"process": "a"})
    assert [(item["process"], item["status"]) for item in result.instances] == [("a", "completed"), ("b", "waiting")]
    assert result.sent == ({"kind": "message", "name": "go"},)
    assert result.tasks == ("work",)


def test_what_the_check_refuses_is_not_run() -> None:
    body = plain('<process id="p" isExecutable="true">', start(), node("transaction", "t"), seq("s", "t"), "</process>")
    result = run(body)
    assert result.status == "refused"
    assert "t" in {finding.element for finding in result.findings}
    assert run(b"<definitions").status == "refused"


def test_a_step_that_cannot_be_done_stops_the_script_there() -> None:
    result = run(CHOICE, {"variables": {"a": 3}, "step": [{"complete": "nobody"}, {"complete": "u"}]})
    assert result.stopped == {"step": 1, "message": "there is no open task nobody; open are u."}
    assert result.tasks == ("u",)


@pytest.mark.parametrize(
    "case",
    [
        {"colour": 1},
        {"step": [{"sing": "a song"}]},
        {"step": [{}]},
        {"step": ["u"]},
        {"step": [{"wait": "a week"}]},
        {"step": [{"wait": "P999999999D"}]},
        {"step": [{"wait_until": "soon"}]},
        {"step": [{"complete": 5}]},
        {"step": [{"job": "charge", "error": {}}]},
        {"step": [{"message": "go", "with": 5}]},
        {"variables": 5},
        {"variables": {"a": float("nan")}},
        {"jobs": {"charge": {"return": {}}}},
        {"process": 5},
        {"at": "today"},
    ],
)
def test_a_script_that_says_what_no_script_can_is_refused(case: dict[str, object]) -> None:
    with pytest.raises(CaseInvalid):
        run(CHOICE, {"variables": {"a": 3}, **case})


def test_a_message_is_thrown_when_the_job_behind_it_ends() -> None:
    body = plain(
        '<process id="a" isExecutable="true">',
        start(),
        '<endEvent id="tell"><messageEventDefinition messageRef="m"/></endEvent>',
        seq("s", "tell"),
        '</process><process id="b" isExecutable="true">',
        '<startEvent id="told"><messageEventDefinition messageRef="m"/></startEvent>',
        end("e2"),
        seq("told", "e2"),
        "</process>",
    )
    case = {"process": "a", "jobs": {"tell": {"waits": True}}}
    assert run(body, case).completed == ("s",)
    assert run(body, case | {"step": [{"job": "tell"}]}).completed == ("s", "tell", "told", "e2")
    failed = case | {"step": [{"job": "tell", "error": {"code": "E1"}}]}
    assert run(body, failed).sent == ()


SIMPLE = (start(), end(), seq("s", "e"))


@pytest.mark.parametrize("mark", ["", 'isExecutable="false"'])
def test_the_only_process_of_a_plain_file_is_run_whatever_its_mark(mark: str) -> None:
    assert run(plain(f'<process id="p" {mark}>', *SIMPLE, "</process>")).completed == ("s", "e")


def test_a_process_of_our_dialect_that_is_not_executable_is_refused() -> None:
    body = diagram(process("p", *SIMPLE)).replace(b'isExecutable="true"', b'isExecutable="false"')
    assert {finding.element for finding in run(body).findings} >= {"p"}
    assert run(body).status == "refused"


def test_an_empty_pool_is_only_a_picture() -> None:
    pools = (
        '<collaboration id="c"><participant id="a" processRef="q"/><participant id="b" processRef="p"/></collaboration>'
    )
    body = plain(pools, '<process id="q"/><process id="p">', *SIMPLE, "</process>")
    assert run(body).completed == ("s", "e")


def test_what_stands_beside_and_is_not_called_is_let_be() -> None:
    call = '<callActivity id="c" calledElement="q"/>'
    caller = plain('<process id="p" isExecutable="true">', start(), call, end(), seq("s", "c", "e"), "</process>")
    called = plain('<process id="q">', start("qs"), end("qe"), seq("qs", "qe"), "</process>")
    twin = plain('<process id="p">', start(), node("transaction", "c"), end(), seq("s", "c", "e"), "</process>")
    beside = {"a.bpmn": twin, "b.bpmn": b"<broken", "c.bpmn": called, "d.dmn": b"<broken"}
    assert run({"p.bpmn": caller}, beside=beside).completed == ("s", "qs", "qe", "c", "e")


def test_a_file_may_have_any_name() -> None:
    assert run({"Order (2).BPMN": plain('<process id="p">', *SIMPLE, "</process>")}).completed == ("s", "e")


def test_a_file_with_other_prefixes_and_another_tools_notes_runs() -> None:
    body = (
        '<semantic:definitions xmlns:semantic="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t" id="x" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:tool="http://tool.example" '
        'xsi:schemaLocation="http://www.omg.org/spec/BPMN/20100524/MODEL BPMN20.xsd" exporter="Tool">'
        '<semantic:process id="p" tool:colour="red"><semantic:documentation xml:lang="en">Why</semantic:documentation>'
        '<semantic:extensionElements><tool:note key="a"/></semantic:extensionElements>'
        '<semantic:startEvent id="s"/><semantic:exclusiveGateway id="g" default="d"/><semantic:endEvent id="e"/>'
        '<semantic:endEvent id="e2"/><semantic:sequenceFlow id="f" sourceRef="s" targetRef="g"/>'
        '<semantic:sequenceFlow id="d" sourceRef="g" targetRef="e"/>'
        '<semantic:sequenceFlow id="h" sourceRef="g" targetRef="e2">'
        '<semantic:conditionExpression xsi:type="semantic:tFormalExpression">x &gt; 1</semantic:conditionExpression>'
        "</semantic:sequenceFlow></semantic:process></semantic:definitions>"
    )
    assert run(body.encode(), {"variables": {"x": 2}}).completed == ("s", "g", "e2")


def test_camunda_extensions_in_a_file_without_the_platform_mark_are_read() -> None:
    script = '<z:script xmlns:z="http://camunda.org/schema/zeebe/1.0" expression="=a + 1" resultVariable="b"/>'
    task = f'<scriptTask id="t"><extensionElements>{script}</extensionElements></scriptTask>'
    body = plain('<process id="p">', start(), task, end(), seq("s", "t", "e"), "</process>")
    assert run(body, {"variables": {"a": 1}}).data == {"a": 1, "b": 2}


def test_a_timer_that_starts_itself_for_ever_stops_the_script_and_not_the_machine() -> None:
    every = "<timerEventDefinition><timeCycle>R/PT1S</timeCycle></timerEventDefinition>"
    body = plain('<process id="p"><startEvent id="s">', every, "</startEvent>", end(), seq("s", "e"), "</process>")
    result = run(body, {"step": [{"wait": "P365D"}]})
    assert result.stopped is not None
    assert result.stopped["step"] == 1


def test_the_command_prints_numbers_as_numbers(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(CHOICE)
    (tmp_path / "case.toml").write_text("variables = { a = 0.5 }", encoding="utf-8")
    arguments = ["run-bpmn", str(tmp_path / "p.bpmn"), "--script", str(tmp_path / "case.toml"), "--json"]
    app = Flask("measured")
    register(app)
    told = app.test_cli_runner().invoke(args=arguments)
    assert json.loads(told.output)["data"] == {"a": 0.5, "x": 1.5}


def test_a_decision_is_made_from_its_file() -> None:
    table = (ROOT / "processes" / "shared" / "review_tier.dmn").read_bytes()
    assert evaluate(table, "review_tier", {}) is True
    with pytest.raises(DecisionError):
        evaluate(table, "nothing", {})
