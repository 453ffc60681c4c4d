"""Any accepted BPMN file is run by a script, plain or of our dialect; the trace, the data and the waits are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from engine.decisions import DecisionError, evaluate
from engine.runner import CaseInvalid, run
from engine.settings import ROOT
from tests.engine.spiff_world import (
    diagram,
    end,
    extend,
    flow,
    io,
    job,
    log,
    many,
    node,
    on_message,
    on_signal,
    process,
    seq,
    start,
    timer,
    user,
)
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
READS_A_MOMENT = plain(
    '<process id="p">', start(), '<scriptTask id="t"><script>{day: string(date(at))}</script></scriptTask>', end(),
    seq("s", "t", "e"), "</process>",
)  # fmt: skip


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
    assert "It read x = null." in result.incident["message"]


def test_a_gateway_without_a_way_out_names_the_values_that_its_conditions_read() -> None:
    ways = flow("g", "e", "x &gt; 3 and client.age &gt; 17", "a"), flow("g", "e2", 'x = 1 or case = "none"', "b")
    body = plain(
        '<process id="p">', start(), '<userTask id="u"/><exclusiveGateway id="g"/>', seq("s", "u", "g"), *ways,
        end(), end("e2"), "</process>",
    ).replace(b"&amp;", b"&")  # fmt: skip
    case = {"variables": {"client": {"age": 16}}, "step": [{"complete": "u", "with": {"x": 2}}]}
    result = run(body, case)
    assert result.incident is not None
    assert result.incident["element"] == "g"
    assert result.incident["message"].endswith(
        "no condition is true and there is no default flow. It read x = 2, client.age = 16, case = null."
    )
    assert (result.data["x"], result.completed) == (2, ("s", "u"))


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


def nested(depth: int) -> list[object]:
    found: list[object] = []
    for _ in range(depth):
        found = [found]
    return found


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
        {"at": "0001-01-01T00:00:00+14:00"},
        {"variables": {"a": nested(5_000)}},
        {"process": "q"},
        {"budget": 0},
        {"budget": 1_000_000},
        {"jobs": {"chrage": {"returns": {}}}},
        {"jobs": {"charge": []}},
        {"jobs": {"charge": {"returns": {}, "waits": True}}},
        {"jobs": {"charge": {"fails": ""}}},
        {"jobs": {"charge": {"error": {"code": "E", "variable": {}}}}},
        {"step": [{"complete": "u", "returns": {}}]},
        {"step": [{"complete": "u", "key": "5"}]},
        {"step": [{"complete": "u", "nth": 0}]},
        {"step": [{"wait": "P1D", "with": {}}]},
        {"step": [{"retry": False}]},
        {"step": [{"start": "q"}]},
        {"variables": {"a": {"@date": "tomorrow"}}},
        {"variables": {"a": {"@feel": "1 +"}}},
        {"variables": {"a": {"@feel": "[1..3]"}}},
        {"variables": {"a": object()}},
    ],
)
def test_a_script_that_says_what_no_script_can_is_refused(case: dict[str, object]) -> None:
    with pytest.raises(CaseInvalid):
        run(CHOICE, {"variables": {"a": 3}, **case})


def test_what_no_variable_can_hold_is_an_incident_where_it_is_written() -> None:
    body = plain(
        '<process id="p">', start(), '<userTask id="u"/><scriptTask id="t"><script>{a: [1, [1..3]]}</script>'
        "</scriptTask>", end(), seq("s", "u", "t", "e"), "</process>",
    )  # fmt: skip
    incident = run(body, {"step": [{"complete": "u"}]}).incident
    assert incident is not None
    assert incident["element"] == "t"
    assert "The variable a would hold a range" in incident["message"]


def test_what_a_script_cannot_say_is_named_with_what_it_can() -> None:
    with pytest.raises(CaseInvalid, match=r"step 1 \(complete\) cannot say wiht\. It may say complete, with,"):
        run(CHOICE, {"step": [{"complete": "u", "wiht": {}}]})
    with pytest.raises(CaseInvalid, match=r"no element or job type is called chrage\. There are charge"):
        run(CHOICE, {"jobs": {"chrage": {}}})


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


def command(tmp_path: Path, body: bytes, script: str = "", *words: str) -> tuple[int, dict[str, Any]]:
    """Run the command and return its exit code and the one JSON document that it prints."""
    (tmp_path / "p.bpmn").write_bytes(body)
    (tmp_path / "case.toml").write_text(script, encoding="utf-8")
    app = Flask("measured")
    register(app)
    arguments = ["run-bpmn", str(tmp_path / "p.bpmn"), "--script", str(tmp_path / "case.toml"), "--json", *words]
    told = app.test_cli_runner().invoke(args=arguments)
    return told.exit_code, json.loads(told.stdout)


def test_the_command_prints_numbers_as_numbers_and_times_as_texts(tmp_path: Path) -> None:
    script = """variables = { a = 0.5, on = 2026-01-02, at = 2026-01-02T10:00:00Z, wait = { "@duration" = "P7D" } }"""
    code, told = command(tmp_path, CHOICE, script)
    assert code == 0
    texts = {"on": "2026-01-02", "at": "2026-01-02T10:00:00+00:00", "wait": "P7D"}
    assert told["data"] == {"a": 0.5, "x": 1.5, **texts}


@pytest.mark.parametrize("given", ["2026-07-01T23:30:00Z", '{ "@datetime" = "2026-07-01T23:30:00+00:00" }'])
def test_a_moment_of_a_script_is_read_by_the_clock_that_it_was_written_with(tmp_path: Path, given: str) -> None:
    code, told = command(tmp_path, READS_A_MOMENT, f"variables = {{ at = {given} }}")
    assert code == 0
    assert told["data"]["day"] == "2026-07-01"
    assert told["data"]["at"] == "2026-07-01T23:30:00+00:00"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("variables = { a = 3 }", 0),
        ("variables = { a = 'three' }", 0),
        ("colour = 1", 2),
        ("a = ", 2),
        ("variables = { a = 3 }\n[[step]]\ncomplete = 'nobody'", 2),
    ],
)
def test_the_command_tells_by_its_exit_code_whether_it_ran(tmp_path: Path, script: str, code: int) -> None:
    assert command(tmp_path, CHOICE, script)[0] == code


def test_called_processes_are_found_in_the_folder_and_in_shared_beside_it(tmp_path: Path) -> None:
    call = '<callActivity id="c" calledElement="q"/>'
    called = plain('<process id="q">', start("qs"), end("qe"), seq("qs", "qe"), "</process>")
    for folder in ("one", "shared"):
        (tmp_path / folder).mkdir()
    (tmp_path / "shared" / "q.bpmn").write_bytes(called)
    body = plain('<process id="p">', start(), call, end(), seq("s", "c", "e"), "</process>")
    assert command(tmp_path / "one", body)[1]["completed"] == ["s", "qs", "qe", "c", "e"]


def test_a_refused_or_missing_file_is_one_json_document_too(tmp_path: Path) -> None:
    code, told = command(tmp_path, b"<definitions")
    assert (code, told["status"]) == (1, "refused")
    code, told = command(tmp_path, CHOICE, "", "--script", str(tmp_path / "none.toml"))
    assert (code, list(told)) == (2, ["error"])


def test_values_of_every_type_reach_expressions() -> None:
    body = plain(
        '<process id="p">', start(), '<scriptTask id="t"><script>{later: on + wait, hour: at.hour, n: none = null}'
        "</script></scriptTask>", end(), seq("s", "t", "e"), "</process>",
    )  # fmt: skip
    given = {
        "on": {"@date": "2026-01-02"},
        "wait": {"@duration": "P7D"},
        "at": {"@time": "10:30:00"},
        "none": {"@feel": "null"},
    }
    told = run(body, {"variables": given}).as_json()["data"]
    assert (told["later"], told["hour"], told["n"]) == ("2026-01-09", 10, True)
    assert (told["on"], told["wait"], told["at"], told["none"]) == ("2026-01-02", "P7D", "10:30:00", None)


EACH = diagram(
    process(
        "p",
        start(),
        user("ask", inner=many("=[1, 2, 3]", "n", "answers", "=answer")),
        end(),
        seq("s", "ask", "e"),
    )
)


def test_a_task_is_completed_by_id_or_name_the_nth_of_an_instance() -> None:
    steps = [{"complete": "ask", "nth": 3, "with": {"answer": "c"}}, {"complete": "ask", "with": {"answer": "a"}}]
    first = run(EACH, {"step": [*steps, {"complete": "ask", "with": {"answer": "b"}}]})
    assert first.data["answers"] == ["a", "b", "c"]
    two = [{"start": "p"}, {"complete": "ask", "nth": 2, "instance": 2, "with": {"answer": "b"}}]
    assert [len(item["tasks"]) for item in run(EACH, {"step": two}).instances] == [3, 2]
    stopped = run(EACH, {"step": [{"complete": "ask", "nth": 4}]}).stopped
    assert stopped == {"step": 1, "message": "there is no open task ask number 4; open are ask, ask, ask."}
    named = plain('<process id="p">', start(), '<userTask id="u" name="Ask"/>', end(), seq("s", "u", "e"), "</process>")
    assert run(named, {"step": [{"complete": "Ask"}]}).status == "completed"


def test_a_message_that_nobody_waits_for_is_lost_and_the_result_says_so() -> None:
    body = plain(
        '<process id="p">', start(), '<userTask id="u"/><intermediateCatchEvent id="hear"><messageEventDefinition '
        'messageRef="m"/></intermediateCatchEvent>', end(), seq("s", "u", "hear", "e"), "</process>",
    )  # fmt: skip
    steps = [{"message": "go"}, {"complete": "u"}, {"message": "gone"}]
    result = run(body, {"step": steps})
    assert (result.status, result.waits[0]["element"]) == ("waiting", "hear")
    assert [item["name"] for item in result.lost] == ["go", "gone"]
    assert [line["name"] for line in result.trace if line["kind"] == "message_lost"] == ["go", "gone"]


def test_a_message_of_a_plain_file_carries_what_the_script_says() -> None:
    body = plain(
        '<process id="a">', start(), '<sendTask id="tell" messageRef="m"/>', end(), seq("s", "tell", "e"),
        '</process><process id="b"><startEvent id="told"><messageEventDefinition messageRef="m"/></startEvent>',
        end("e2"), seq("told", "e2"), "</process>",
    )  # fmt: skip
    result = run(body, {"jobs": {"tell": {"returns": {"told": True}, "carries": {"n": 1}}}})
    assert [item["data"] for item in result.instances] == [{"told": True}, {"n": 1}]


def test_time_does_not_run_backwards() -> None:
    stopped = run(CHOICE, {"variables": {"a": 3}, "step": [{"wait_until": "2026-01-01T09:00:00Z"}]}).stopped
    assert stopped is not None
    assert "has passed" in stopped["message"]


def test_a_message_goes_to_the_instance_with_its_key_and_carries_what_it_is_given() -> None:
    hears = process(
        "p", start(), node("intermediateCatchEvent", "hear", on_message()), user("after"), end(),
        seq("s", "hear", "after", "e"),
    )  # fmt: skip
    tells = process(
        "q", start("qs"),
        node("endEvent", "tell", extend(job("post"), io({"said": "=words", "k": "=whom"})), on_message()),
        seq("qs", "tell"),
    )  # fmt: skip
    case = {
        "process": "p",
        "variables": {"k": "one"},
        "step": [
            {"start": "p", "with": {"k": "two"}},
            {"start": "q", "with": {"words": "hello", "whom": "two"}},
        ],
    }
    result = run(diagram(hears + tells), case)
    assert [item["tasks"] for item in result.instances] == [[], ["after"], []]
    assert result.instances[1]["data"] == {"k": "two", "said": "hello"}
    assert result.lost == ()


def test_a_signal_carries_its_inputs_to_every_instance_that_waits_and_starts_others() -> None:
    hears = process("p", start(), node("intermediateCatchEvent", "hear", on_signal()), end(), seq("s", "hear", "e"))
    begins = process("r", start("rs", on_signal()), user("work"), end("re"), seq("rs", "work", "re"))
    tells = process(
        "q", start("qs"), node("endEvent", "tell", extend(io({"why": "=1 + 1"})), on_signal()), seq("qs", "tell")
    )
    case = {"process": "p", "step": [{"start": "p"}, {"start": "q"}]}
    result = run(diagram(hears + begins + tells), case)
    assert [(item["process"], item["status"], item["data"]) for item in result.instances] == [
        ("p", "completed", {"why": 2}),
        ("p", "completed", {"why": 2}),
        ("q", "completed", {}),
        ("r", "waiting", {"why": 2}),
    ]


def test_in_one_jump_timers_of_all_instances_fire_in_the_order_in_which_they_are_due() -> None:
    every = "<timerEventDefinition><timeCycle>R3/PT4H</timeCycle></timerEventDefinition>"
    once = "<timerEventDefinition><timeDuration>PT6H</timeDuration></timerEventDefinition>"
    body = plain(
        '<process id="p">', start(), '<intermediateCatchEvent id="six">', once, "</intermediateCatchEvent>", end(),
        seq("s", "six", "e"), '</process><process id="q"><startEvent id="qs">', every, "</startEvent>", end("qe"),
        seq("qs", "qe"), "</process>",
    )  # fmt: skip
    result = run(body, {"process": "p", "step": [{"wait": "P1D"}]})
    order = [(line["at"].hour, line["element"]) for line in result.trace if line["kind"] == "completed"]
    assert order == [
        (9, "s"), (13, "qs"), (13, "qe"), (15, "six"), (15, "e"), (17, "qs"), (17, "qe"), (21, "qs"), (21, "qe"),
    ]  # fmt: skip


def test_a_loop_is_ended_by_the_budget_that_the_script_gives() -> None:
    body = plain(
        '<process id="p">', start(), '<scriptTask id="n"><script>{n: n + 1}</script></scriptTask>'
        '<exclusiveGateway id="g" default="out"/>', end(), seq("s", "n", "g"), flow("g", "n", "n < 900", "back"),
        flow("g", "e", flow_id="out"), "</process>",
    )  # fmt: skip
    assert run(body, {"variables": {"n": 0}}).status == "completed"
    stopped = run(body, {"variables": {"n": 0}, "budget": 100})
    assert stopped.incident is not None
    assert "more than 100 steps without waiting" in stopped.incident["message"]


def test_an_incident_in_one_branch_leaves_the_other_its_work() -> None:
    body = plain(
        '<process id="p">', start(), '<parallelGateway id="f"/><userTask id="u"/><userTask id="v"/>'
        '<serviceTask id="charge"/><parallelGateway id="j"/>', end(), seq("s", "f", "u", "j", "e"),
        seq("f", "v", "charge", "j"), "</process>",
    )  # fmt: skip
    jobs = {"charge": [{"fails": "down"}, {"fails": "still down"}, {}]}
    steps: list[dict[str, Any]] = [{"complete": "v"}, {"complete": "u", "with": {"who": "me"}}]
    first = run(body, {"jobs": jobs, "step": steps[:1]})
    assert (first.status, first.tasks) == ("incident", ("u",))
    kept = run(body, {"jobs": jobs, "step": steps})
    assert (kept.status, kept.tasks, kept.data) == ("incident", (), {"who": "me"})
    done = run(body, {"jobs": jobs, "step": [*steps, {"retry": True}]})
    assert (done.status, done.incident) == ("completed", None)


def test_nothing_that_nobody_drew_is_told() -> None:
    events = '<bpmn:subProcess id="h" triggeredByEvent="true">', start("hs", on_signal()), user("hw"), end("he")
    body = diagram(
        process(
            "p", start(), user("u"), user("v"), user("w"), end(), seq("s", "u"), flow("u", "v", "=a > 1", "fv"),
            flow("u", "w", "=b > 1", "fw"), seq("v", "e"), seq("w", "e"), *events, seq("hs", "hw", "he"),
            "</bpmn:subProcess>",
        )
    )  # fmt: skip
    told = run(body, {"step": [{"complete": "u"}]})
    assert told.incident is not None
    assert told.incident["element"] == "u"
    assert "#" not in json.dumps(told.as_json())
    fine = run(body, {"variables": {"a": 2, "b": 2}, "step": [{"complete": "u"}, {"signal": "sig"}]})
    assert fine.tasks == ("hw",)
    assert "#" not in json.dumps(fine.as_json())


def test_a_decision_is_made_from_its_file() -> None:
    table = (ROOT / "processes" / "shared" / "review_tier.dmn").read_bytes()
    assert evaluate(table, "review_tier", {}) is True
    with pytest.raises(DecisionError):
        evaluate(table, "nothing", {})


READS_AN_INPUT = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<inputData id="x" name="x"><variable name="x" typeRef="dateTime"/></inputData>
<decision id="r" name="r"><variable name="r"/>
<informationRequirement><requiredInput href="#x"/></informationRequirement>
<literalExpression><text>[string(date(x)), x]</text></literalExpression></decision></definitions>"""


@pytest.mark.parametrize(
    ("given", "offset"),
    [
        ('"2026-07-01T23:30:00Z"', "+00:00"),
        ('"2026-07-01T23:30:00-05:00"', "-05:00"),
        ('{"@datetime": "2026-07-01T23:30:00Z"}', "+00:00"),
        ('{"@datetime": "2026-07-01T23:30:00+00:00"}', "+00:00"),
    ],
)
def test_the_input_of_a_decision_is_read_by_the_clock_that_it_was_written_with(
    tmp_path: Path, given: str, offset: str
) -> None:
    (tmp_path / "d.dmn").write_text(READS_AN_INPUT, encoding="utf-8")
    app = Flask("measured")
    register(app)
    told = app.test_cli_runner().invoke(args=["decide", str(tmp_path / "d.dmn"), "r", "--input", f'{{"x": {given}}}'])
    assert json.loads(told.stdout) == ["2026-07-01", f"2026-07-01T23:30:00{offset}"]
