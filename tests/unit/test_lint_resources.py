"""What a diagram names must be there: forms, groups, handlers, letters, decisions, processes, fields, variables."""

from __future__ import annotations

import json

import pytest

from engine.lint import Finding, Known, is_error
from tests.unit.bpmn_text import (
    chain,
    definition,
    diagram,
    end,
    extensions,
    file,
    flow,
    message,
    node,
    process,
    script,
    service,
    start,
    straight,
    timer,
    user,
)
from tests.unit.lint_check import findings, foreign, in_folder, process_folder

AMOUNT = {"id": "d", "type": "number", "key": "amount", "label": "Amount"}
CALL = '<z:calledElement processId="%s"/>'
TWO_INPUTS = '<z:input source="x" target="text"/><z:input source="x" target="tone"/>'
FORM = {
    "id": "decide",
    "type": "default",
    "schemaVersion": 19,
    "components": [
        {"id": "a", "type": "radio", "key": "outcome", "label": "Outcome", "valuesKey": "picklists.outcome"},
        {
            "id": "b",
            "type": "number",
            "key": "amount",
            "label": "Amount",
            "conditional": {"hide": '=outcome = "upheld"'},
        },
    ],
}
TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">
<decision id="band" name="band"><decisionTable id="t" hitPolicy="UNIQUE">
<input id="i"><inputExpression id="ie"><text>%s</text></inputExpression></input><output id="o" name="redress"/>
<rule id="r"><inputEntry id="re"><text>%s</text></inputEntry>
<outputEntry id="ro"><text>"small"</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


def form(**changes: object) -> str:
    return json.dumps(FORM | changes)


def component(**values: object) -> str:
    return form(components=[{"id": "a", "label": "A", **values}])


ROW = {"id": "b", "type": "datetime", "subtype": "date", "key": "due_on", "dateLabel": "Due"}


def rows(row: dict[str, object], **attributes: object) -> str:
    return form(
        components=[{"id": "a", "type": "dynamiclist", "path": "plan_actions", "components": [row], **attributes}]
    )


def with_input(source: str, target: str, type: str = "set_fields") -> str:
    return straight(("t", service("t", type, f'<z:input source="{source}" target="{target}"/>')))


def wait(kind: str, text: str) -> str:
    return straight(("w", node("intermediateCatchEvent", "w", timer(kind, text))))


def decide(decision: str = "band", result: str = "band", more: str = "") -> str:
    called = f'<z:calledDecision decisionId="{decision}" resultVariable="{result}" bindingType="deployment"/>'
    return straight(("t", node("businessRuleTask", "t", extensions(called + more))))


@pytest.mark.parametrize(
    ("xml", "rule", "element"),
    [
        (straight(("t", user("t", form="gone"))), "missing-form", "t"),
        (straight(("t", user("t", group="nobody"))), "missing-group", "t"),
        (straight(("t", user("t", group=""))), "user-task-without-group", "t"),
        (
            straight(("t", node("userTask", "t", extensions('<z:assignmentDefinition assignee="=actor"/>')))),
            "user-task-not-native",
            "t",
        ),
        (
            straight(("t", user("t", more='<z:taskSchedule dueDate="tomorrow"/>'))),
            "date-not-valid",
            "t",
        ),
        (straight(("t", user("t", more='<z:priorityDefinition priority="high"/>'))), "priority-not-valid", "t"),
        (straight(("t", service("t", "send_pigeon"))), "unknown-job-type", "t"),
        (straight(("t", service("t", "=job", ""))), "job-type-not-fixed", "t"),
        (straight(("t", node("serviceTask", "t"))), "no-job-type", "t"),
        (straight(("t", service("t", "add_note", ""))), "missing-job-input", "t"),
        (
            straight(("t", service("t", inputs=TWO_INPUTS))),
            "unknown-job-input",
            "t",
        ),
        (with_input("CMSL9999", "letter", "issue_letter"), "missing-letter", "t"),
        (with_input("Open", "status"), None, "t"),
        (with_input("Opne", "status"), "value-not-valid", "t"),
        (with_input("x", "stauts"), "unknown-field", "t"),
        (with_input("=request.plan_versoin", "plan_version"), "unknown-variable", "t"),
        (with_input("", "status"), "mapping-not-valid", "t"),
        (decide("gone"), "missing-decision", "t"),
        (straight(("c", node("callActivity", "c", extensions(CALL % "gone")))), "missing-process", "c"),
        (straight(("c", node("callActivity", "c", extensions(CALL % "=x")))), "process-not-fixed", "c"),
        (straight(("c", node("callActivity", "c"))), "call-without-process", "c"),
        (straight(("t", node("scriptTask", "t"))), "script-without-expression", "t"),
        (straight(("t", script("t", "=nobody_knows"))), "unknown-variable", "t"),
        (straight(("t", script("t", "=plan_actions.due_no"))), "unknown-variable", "t"),
        (straight(("t", script("t", "=for a in plan_actions return a.due_on"))), None, "t"),
        (straight(("t", script("t", "=plan_actions[due_on &lt; today()].due_on".replace("&lt;", "<")))), None, "t"),
        (straight(("t", script("t", "=decided_on.year"))), None, "t"),
        (wait("timeDate", "=decided_no"), "unknown-variable", "w"),
        (wait("timeDuration", "=1 +"), "expression-not-valid", "w"),
        (
            straight(("t", user("t", '<bpmn:multiInstanceLoopCharacteristics id="l"/>'))),
            "no-input-collection",
            "t",
        ),
    ],
)  # fmt: skip
def test_what_is_not_there_is_found(xml: str, rule: str | None, element: str) -> None:
    assert in_folder(xml) == ([(rule, element)] if rule else [])


def test_an_unknown_name_is_an_error_in_a_process_folder_and_a_warning_elsewhere() -> None:
    xml = straight(("t", script("t", "=nobody_knows")))
    assert [is_error(f) for f in findings(process_folder(xml)) if f.rule == "unknown-variable"] == [True]
    assert [is_error(f) for f in findings({"a.bpmn": xml}) if f.rule == "unknown-variable"] == [False]


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    found = findings(process_folder(straight(("t", script("t", "=request.plan_versoin")))))
    assert any("Did you mean “request.plan_version”?" in f.message for f in found)


def test_an_expression_that_does_not_parse_says_where() -> None:
    found = findings(process_folder(straight(("t", script("t", "=amount + + > 2 )")))))
    assert any(f.rule == "expression-not-valid" and "line 1, column" in f.message for f in found)


def test_names_that_the_process_makes_are_known() -> None:
    first = script("a", "=1 + 1", "total")
    second = user("b", more='<z:ioMapping><z:input source="=total" target="shown"/></z:ioMapping>')
    third = script("c", "=total * 2", "twice")
    assert in_folder(straight(("a", first), ("b", second), ("c", third))) == []


def test_an_input_is_private_to_its_element() -> None:
    first = user("a", more='<z:ioMapping><z:input source="=amount" target="shown"/></z:ioMapping>')
    assert in_folder(straight(("a", first), ("b", script("b", "=shown")))) == [("unknown-variable", "b")]


def test_what_a_form_asks_is_known_behind_it() -> None:
    xml = straight(("t", user("t", form="decide")), ("s", script("s", "=outcome")))
    assert in_folder(xml, review__forms__decide_dot_form=form()) == []


def test_inputs_of_a_call_are_known_in_the_called_process() -> None:
    called = '<z:calledElement processId="p2" propagateAllParentVariables="false"/>'
    mapping = (
        '<z:ioMapping><z:input source="=amount" target="handed"/><z:output source="=made" target="got"/></z:ioMapping>'
    )
    caller = straight(("c", node("callActivity", "c", extensions(called + mapping))), ("s", script("s", "=got")))
    steps = script("t2", "=handed + stray", "made")
    inner = file(process(start("s2"), steps, end("e2"), chain("s2", "t2", "e2"), id="p2"))
    assert in_folder(caller, shared__inner_dot_bpmn=inner) == [("unknown-variable", "t2")]


def test_a_boundary_event_sees_the_inputs_of_its_task() -> None:
    task = user("t", more='<z:ioMapping><z:input source="=decided_on" target="due"/></z:ioMapping>')
    boundary = node("boundaryEvent", "b", timer("timeDate", "=due"), attachedToRef="t")
    assert (
        in_folder(diagram(start(), task, end(), chain("start", "t", "end"), boundary, end("e"), flow("b", "e"))) == []
    )


def test_a_multi_instance_result_that_is_read_later_must_be_collected() -> None:
    loop = (
        '<bpmn:multiInstanceLoopCharacteristics id="l"><bpmn:extensionElements><zeebe:loopCharacteristics '
        'inputCollection="=plan_actions" inputElement="action"/></bpmn:extensionElements>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    task = user("t", loop, more='<z:ioMapping><z:output source="=action" target="answer"/></z:ioMapping>')
    xml = straight(("t", task), ("s", script("s", "=answer")))
    assert in_folder(xml) == [("multi-instance-result-lost", "t")]


def test_a_correlation_key_must_be_an_expression_with_known_names() -> None:
    catch = ("c", node("intermediateCatchEvent", "c", definition("message", messageRef="m")))
    assert in_folder(straight(catch, root=message(key="request.number"))) == [("not-an-expression", "m")]
    assert in_folder(straight(catch, root=message(key="=request.nubmer"))) == [("unknown-variable", "m")]


def test_a_decision_table_is_checked_with_what_the_task_provides() -> None:
    assert in_folder(decide(), review__band_dot_dmn=TABLE % ("amount", "-")) == []
    assert in_folder(decide(), review__band_dot_dmn=TABLE % ("nothing", "-")) == [("unknown-variable", "t")]
    assert in_folder(decide(), review__band_dot_dmn=TABLE % ("amount", "&lt; &lt; 1")) == [
        ("decision-not-valid", "band")
    ]
    assert ("decision-not-valid", "") in in_folder(decide(), review__band_dot_dmn="<definitions/>")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "form-not-valid"),
        ("[1]", "form-not-valid"),
        (component(type="html", content="<b>x</b>"), "form-component-not-supported"),
        (component(type="textfield", key="nobody"), "unknown-field"),
        (component(type="textfield"), "form-without-key"),
        (component(type="textfield", key="a b"), "form-key-not-valid"),
        (component(type="textfield", key="decided_on"), "form-field-type"),
        (component(type="datetime", subtype="datetime", key="decided_on"), "form-field-type"),
        (component(type="radio", key="outcome"), "form-options-not-valid"),
        (component(type="radio", key="outcome", valuesKey="picklists.gone"), "missing-picklist"),
        (component(type="radio", key="outcome", valuesKey="people.gone"), "missing-group"),
        (component(type="radio", key="outcome", values=[{"label": "No", "value": "no"}]), "form-options-not-valid"),
        (component(type="number", key="amount", conditional={"hide": "outcome"}), "form-condition-not-feel"),
        (component(type="number", key="amount", conditional={"hide": "=outcome ="}), "expression-not-valid"),
        (component(type="number", key="amount", conditional={"hide": "=nobody"}), "unknown-variable"),
        (component(type="number", key="amount", validate={"min": 5, "max": 1}), "form-not-valid"),
        (component(type="number", key="amount", readOnly=True), "form-attribute-not-known"),
        (component(type="number", key="amount", readonly="=outcome = null"), "form-attribute-not-known"),
        (rows(ROW | {"readonly": True}), "form-read-only-row"),
        (rows(ROW | {"readonly": True}, allowAddRemove=True), "form-read-only-row"),
        (component(type="filepicker", key="outcome"), "form-field-type"),
        (component(type="textfield", key="proof"), "form-field-type"),
        (component(type="filepicker", key="proof", accept=".pdf,.exe"), "form-accept-not-valid"),
        (component(type="filepicker", key="proof", multiple="=true"), "form-attribute-not-known"),
        (rows({"id": "b", "type": "filepicker", "key": "proof"}), "form-component-not-supported"),
        (form(id="other"), "form-id-differs"),
        (form(components=[AMOUNT, {**AMOUNT, "id": "c"}]), "form-key-twice"),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_filled_in_is_found(text: str, rule: str) -> None:
    found = in_folder(straight(("t", user("t"))), review__forms__decide_dot_form=text)
    assert rule in [name for name, _ in found]


def test_a_repeating_list_of_declared_items_is_fine() -> None:
    for text in (rows(ROW), rows(ROW | {"readonly": True}, allowAddRemove=False)):
        assert in_folder(straight(("t", user("t", form="decide"))), review__forms__decide_dot_form=text) == []


def test_files_are_asked_for_in_tasks_only() -> None:
    text = component(type="filepicker", key="proof", accept=".pdf, .PNG", multiple=True)
    asked = in_folder(straight(("t", user("t", form="decide"))), review__forms__decide_dot_form=text)
    assert asked == []
    started = straight(("t", user("t"))).replace(
        '<bpmn:startEvent id="start">',
        '<bpmn:startEvent id="start"><bpmn:extensionElements><zeebe:formDefinition formId="decide"/>'
        "</bpmn:extensionElements>",
    )
    assert "formId" in started
    found = in_folder(started, review__forms__decide_dot_form=text)
    assert [rule for rule, _ in found] == ["form-component-not-supported"]


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("dictionary.toml", "fields = 3", "list-not-valid"),
        ("dictionary.toml", "[fields.x", "list-not-valid"),
        ("dictionary.toml", '[fields.x]\ntype = "colour"', "list-not-valid"),
        ("review/process.toml", 'key = "review"', "list-not-valid"),
        ("review/process.toml", 'key = "r"\ntitle = "R"\nprocess = "gone"', "missing-process"),
        ("review/process.toml", 'key = "r"\ntitle = "R"\nprocess = "p"\nletters = ["CMSL9999"]', "missing-letter"),
        (
            "review/process.toml",
            'key = "r"\ntitle = "R"\nprocess = "p"\n[[deadlines]]\ntitle = "x"\nelements = ["gone"]',
            "missing-element",
        ),
    ],
)
def test_a_list_file_that_says_something_impossible_is_found(name: str, text: str, rule: str) -> None:
    found = findings(process_folder(straight(("t", user("t")))) | {name: text})
    assert rule in [f.rule for f in found if f.file == f"processes/{name}"]


@pytest.mark.parametrize(
    ("xml", "rule", "element"),
    [
        (
            straight(("t", node("scriptTask", "t", extensions(
                '<z:script expression="=1" resultVariable="x"/><z:taskDefinition type="add_note"/>'
                '<z:ioMapping><z:input source="x" target="text"/></z:ioMapping>')))),
            "two-ways-to-run",
            "t",
        ),
        (
            straight(("w", node("intermediateCatchEvent", "w", extensions(
                '<z:ioMapping><z:input source="=amount" target="x"/></z:ioMapping>') + timer("timeDuration", "P1D")))),
            "input-on-catch",
            "w",
        ),
        (straight(("c", node("callActivity", "c", calledElement="p"))), "unsupported-attribute", "c"),
        (straight(("t", node("manualTask", "t", extensions('<x:y xmlns:x="urn:x"/>')))), "foreign-extension", "t"),
        (straight(("t", user("t")), root=message("unused", "")), "message-without-name", "unused"),
    ],
)  # fmt: skip
def test_what_the_engine_would_not_run_is_not_accepted(xml: str, rule: str, element: str) -> None:
    assert (rule, element) in in_folder(xml)


def test_a_process_that_is_only_a_picture_cannot_be_called() -> None:
    inner = file(process(start("s2"), user("t2"), end("e2"), chain("s2", "t2", "e2"), id="p2"))
    inner = inner.replace('isExecutable="true"', 'isExecutable="false"')
    found = in_folder(straight(("c", node("callActivity", "c", extensions(CALL % "p2")))), shared__inner_dot_bpmn=inner)
    assert set(found) == {("missing-process", "c"), ("not-executable", "p2")}


def test_a_plain_diagram_in_a_process_folder_is_refused() -> None:
    xml = diagram(start(), node("userTask", "t"), end(), chain("start", "t", "end"), plain=True)
    assert ("plain-bpmn-in-folder", "p") in in_folder(xml)


def test_a_step_that_the_procedure_does_not_have_is_refused() -> None:
    step = '<z:properties><z:property name="step" value="Review 1, Review 99"/></z:properties>'
    found = in_folder(straight(("t", user("t", more=step))), review__procedure_dot_md="## Review 1 Refer\ntext\n")
    assert found == [("unknown-step", "t")]


def test_what_the_caller_does_not_lend_is_not_checked() -> None:
    xml = with_input("CMSL9999", "letter", "send_pigeon")
    assert [f.rule for f in findings({"a.bpmn": xml}, known=Known()) if is_error(f)] == []


def test_a_single_file_finds_the_forms_of_its_folder() -> None:
    files = process_folder(straight(("t", user("t", form="decide")))) | {"review/forms/decide.form": form()}
    assert [f for f in findings(files, path="review/review.bpmn") if is_error(f)] == []


def test_a_foreign_file_finds_the_form_beside_it() -> None:
    xml = straight(("t", user("t", form="decide")))
    assert [f.rule for f in findings({"a.bpmn": xml, "decide.form": form()}, path="a.bpmn") if is_error(f)] == []
    assert ("missing-form", "t") in foreign(xml)


def test_a_folder_is_checked_with_what_it_would_be_deployed_with() -> None:
    files = process_folder(straight(("t", user("t")))) | {"shared/tier.dmn": "<definitions"}
    found = [(finding.file, finding.rule) for finding in findings(files, path="review")]
    assert ("processes/shared/tier.dmn", "decision-not-valid") in found


def test_a_folder_without_diagrams_says_so() -> None:
    found = [finding.rule for finding in findings({"notes.txt": "nothing"})]
    assert found == ["nothing-to-check"]


NEXT = "processes/next_task.toml"
LAST = '[[rule]]\nwhy = "it is what is left"\n'


def next_task(text: str) -> list[Finding]:
    """Check a next_task.toml beside a process folder; return what is found in it."""
    nation = '[picklists.nation]\nvalues = [{ value = "scotland" }]\n'
    files = process_folder(straight(("t", user("t", form="x"))))
    files |= {"next_task.toml": text, "dictionary.toml": files["dictionary.toml"] + nation}
    return [found for found in findings(files) if found.file == NEXT]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("[[rule", "", "not valid TOML"),
        ("[[rules]]\n" + LAST, "rules", "below a line [[rule]]"),
        ('rule = "x"\n', "rule", "two brackets"),
        ('[[rule]]\ndue = "today"\n' + LAST, "rule 1", "has to say why"),
        ("[[rule]]\nwhy = 1\n", "rule 1", "why has to be a text"),
        (
            '[[rule]]\nwhy = "x"\ndue = "soon"\n',
            "rule 1",
            "due is “soon”, and has to be one of overdue, today, week, none",
        ),
        ('[[rule]]\nwhy = "x"\nteam = "y"\n', "rule 1", "asks for team; it may ask for why, due, source, procedure"),
        ('[[rule]]\nwhy = "x"\nnation = "mars"\n' + LAST, "rule 1", "no nation “mars”. Choose one of scotland"),
        ('[[rule]]\nwhy = "x"\nprocedure = "gone"\n' + LAST, "rule 1", "no procedure “gone”. Choose one of review"),
    ],
)
def test_a_rule_of_the_next_task_that_cannot_be_meant_is_an_error_in_words(text: str, place: str, said: str) -> None:
    [found] = [one for one in next_task(text) if one.severity == "error"]
    assert (found.element, found.severity) == (place, "error")
    assert said in found.message


def test_rules_that_leave_tasks_behind_or_are_never_reached_are_doubtful() -> None:
    assert [one.rule for one in next_task('[[rule]]\ndue = "today"\nwhy = "x"\n')] == ["task-left-behind"]
    assert [one.rule for one in next_task("")] == ["task-left-behind"]
    assert [one.rule for one in next_task(LAST + LAST)] == ["rule-never-reached"]
    assert next_task('[[rule]]\nprocedure = "review"\nnation = "scotland"\nwhy = "x"\n' + LAST) == []
