"""Forms: what a person types becomes checked values, with GOV.UK's sentences beside what is wrong."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.dictionary import read_dictionary
from engine.forms import read_form
from web.forms import Surroundings, blocks, error_summary, fill, typed_from_names, with_row_added, with_row_removed

DICTIONARY = read_dictionary(
    b"""
[picklists.root_cause]
title = "Root cause"
values = [{ value = "System Error", hint = "The computer got it wrong" }, { value = "Human Error" }]
[fields."request.root_cause"]
type = "choice"
label = "Root cause"
picklist = "root_cause"
[fields.reached]
type = "boolean"
label = "Reached"
[fields.helper]
type = "person"
label = "Helper"
[fields.actions]
type = "list"
label = "Actions"
minimum = 1
[fields."actions[].what"]
type = "text"
label = "Action"
[fields."actions[].amount"]
type = "money"
label = "Amount"
"""
)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def around(**names):
    people = {"review_caseworker": [(3, "Cara Casework")]}
    return Surroundings(names, DICTIONARY, lambda group: people.get(group, []), NOW)


def form(*components):
    return read_form(json.dumps({"id": "f", "components": list(components)}).encode(), file="f.form").components


def field(kind, key="answer", label="Answer", **more):
    return {"type": kind, "key": key, "label": label, "id": key, **more}


def typed(**answers):
    return {name.replace("__", "-"): value if isinstance(value, list) else [value] for name, value in answers.items()}


def day(day, month, year):
    return typed(answer__day=day, answer__month=month, answer__year=year)


def one(component, answers, **names):
    sheet = fill(form(component), answers, around(**names))
    return sheet.values.get("answer"), sheet.problems.get("answer")


@pytest.mark.parametrize(
    ("component", "answers", "value"),
    [
        (field("textfield"), typed(answer="  kept  "), "kept"),
        (field("textfield"), {}, None),
        (field("textarea"), typed(answer="one\r\n\r\ntwo"), "one\n\ntwo"),
        (field("number"), typed(answer="1,200"), 1200),
        (field("number"), typed(answer="2.5"), Decimal("2.5")),
        (field("number", properties={"money": "true"}), typed(answer="£1,234.50"), 123450),
        (field("textfield", properties={"money": "true"}), typed(answer="0.07"), 7),
        (field("textfield", properties={"money": "true"}), typed(answer="£ 1 234 567.5"), 123456750),
        (field("checkbox"), typed(answer="yes"), True),
        (field("checkbox"), {}, False),
        (field("radio", values=[{"label": "A", "value": "a"}]), typed(answer="a"), "a"),
        (field("checklist", values=[{"value": "a"}, {"value": "b"}]), typed(answer=["b", "a", "b"]), ["b", "a"]),
        (field("datetime", subtype="date"), day("8", "11", "2026"), date(2026, 11, 8)),
        (field("datetime", subtype="date"), day("8", "nov", "2026"), date(2026, 11, 8)),
        (field("datetime", subtype="date"), day("8th", "Nov.", "26"), date(2026, 11, 8)),
        (field("datetime", subtype="date"), day("22/11/26", "", ""), date(2026, 11, 22)),
        (field("datetime", subtype="date"), day("22 November 2026", "", ""), date(2026, 11, 22)),
        (
            field("datetime", subtype="datetime"),
            typed(answer__day="1", answer__month="7", answer__year="2026", answer__time="2:30pm"),
            datetime(2026, 7, 1, 13, 30, tzinfo=UTC),
        ),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_a_typed_value(component, answers, value):
    assert one(component, answers) == (value, None)


@pytest.mark.parametrize(
    ("component", "answers", "sentence"),
    [
        (field("textfield", label="Root cause", validate={"required": True}), {}, "Enter root cause"),
        (field("textfield", label="MP name", validate={"required": True}), {}, "Enter MP name"),
        (field("radio", label="Stage", values=[{"value": "a"}], validate={"required": True}), {}, "Select stage"),
        (
            field("radio", label="Was the client reached?", values=[{"value": "a"}], validate={"required": True}),
            {},
            "Answer “Was the client reached?”",
        ),
        (
            field("textfield", validate={"required": True}, properties={"requiredMessage": "Say why"}),
            typed(answer="   "),
            "Say why",
        ),
        (field("textfield", validate={"maxLength": 3}), typed(answer="four"), "Answer must be 3 characters or fewer"),
        (field("textfield", validate={"pattern": "[a-z]+"}), typed(answer="A1"), "Answer is not in the right format"),
        (
            field("textfield", validate={"validationType": "email"}),
            typed(answer="nope"),
            "Enter an email address in the correct format, like name@example.com",
        ),
        (field("number"), typed(answer="ten"), "Answer must be a number"),
        (field("number"), typed(answer="1e999"), "Answer must be a number"),
        (field("number", validate={"min": 1, "max": 9}), typed(answer="10"), "Answer must be between 1 and 9"),
        (
            field("number", properties={"money": "true"}, validate={"max": 500}),
            typed(answer="500.01"),
            "Answer must be £500 or less",
        ),
        (
            field("number", properties={"money": "true"}),
            typed(answer="1.005"),
            "Answer must be in pounds and whole pence, like 50.25",
        ),
        (field("number", properties={"money": "true"}), typed(answer="-1"), "Answer must be £0 or more"),
        *(
            (
                field("number", properties={"money": "true"}),
                typed(answer=amount),
                "Answer must be an amount of money, like 50 or 50.25",
            )
            for amount in ("75,00", "1,2345")
        ),
        (field("number"), typed(answer="7,5"), "Answer must be a number"),
        (field("radio", values=[{"value": "a"}]), typed(answer="forged"), "Select answer from the list"),
        (field("checklist", values=[{"value": "a"}]), typed(answer=["a", "forged"]), "Select answer from the list"),
        (field("datetime", subtype="date"), typed(answer__day="8"), "Answer must include a month and a year"),
        (
            field("datetime", subtype="date"),
            typed(answer__day="31", answer__month="2", answer__year="2026"),
            "Answer must be a real date",
        ),
        (
            field("datetime", subtype="date"),
            typed(answer__day="1", answer__month="2", answer__year="226"),
            "Answer must include a year with 4 digits, like 2026",
        ),
        (
            field("datetime", subtype="datetime"),
            typed(answer__day="1", answer__month="2", answer__year="2026", answer__time="25:00"),
            "Answer must be a real time, like 2:30pm or 14:30",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_gets_a_sentence_beside_it(component, answers, sentence):
    assert one(component, answers)[1] == sentence


def test_options_come_from_the_picklist_with_its_plain_words():
    components = form(field("radio", key="request.root_cause", label="Root cause", valuesKey="picklists.root_cause"))
    sheet = fill(components, typed_from_names(components, around(request={"root_cause": "Human Error"})), around())
    assert sheet.values == {"request.root_cause": "Human Error"}
    items = blocks(sheet, around(), with_problems=False)[0].params["items"]
    assert items[0]["hint"]["text"] == "The computer got it wrong"
    assert [item["checked"] for item in items] == [False, True]


def test_a_person_is_chosen_from_a_group_and_kept_by_id():
    components = form(field("select", key="helper", valuesKey="people.review_caseworker"))
    assert fill(components, typed(helper="3"), around()).values == {"helper": 3}
    assert fill(components, typed(helper="4"), around()).problems == {"helper": "Select answer from the list"}


def test_options_come_from_a_list_that_the_task_sees():
    components = form(field("select", valuesKey="reasons"))
    surroundings = around(reasons=[{"label": "Delay", "value": "d"}, "Other"])
    sheet = fill(components, typed(answer="d"), surroundings)
    assert sheet.values == {"answer": "d"}
    items = blocks(sheet, surroundings, with_problems=False)[0].params["items"]
    assert [item["text"] for item in items] == ["Choose", "Delay", "Other"]


def test_a_yes_or_no_radio_of_a_boolean_field_gives_a_boolean_and_no_is_an_answer():
    yes_no = [{"value": "yes"}, {"value": "no"}]
    components = form(field("radio", key="reached", values=yes_no, validate={"required": True}))
    assert fill(components, typed(reached="no"), around()).problems == {}
    assert fill(components, typed(reached="no"), around()).values == {"reached": False}
    assert typed_from_names(components, around(reached=True)) == {"reached": ["yes"]}


REACHED = field("radio", key="reached", label="Reached?", values=[{"value": "yes"}, {"value": "no"}])
WHY = field(
    "textfield", key="why", label="Why not", validate={"required": True}, conditional={"hide": "=reached = true"}
)


def test_a_hidden_question_is_not_asked_for_and_its_answer_becomes_null():
    sheet = fill(form(REACHED, WHY), typed(reached="yes", why="typed before it was hidden"), around())
    assert sheet.values == {"reached": True, "why": None}
    assert sheet.problems == {}
    assert sheet.hidden == ["why"]


def test_a_question_that_an_answer_shows_is_asked_for():
    sheet = fill(form(REACHED, WHY), typed(reached="no"), around())
    assert sheet.problems == {"why": "Enter why not"}
    assert sheet.hidden == []


def test_a_hidden_fact_of_the_case_is_left_alone():
    fact = field("textfield", key="request.note", label="Note", conditional={"hide": "=reached = true"})
    assert fill(form(REACHED, fact), typed(reached="yes"), around()).values == {"reached": True}


def test_hiding_settles_when_one_question_depends_on_another():
    third = field(
        "textfield", key="third", label="Third", conditional={"hide": "=why = null"}, validate={"required": True}
    )
    sheet = fill(form(third, REACHED, WHY), typed(reached="yes", why="x"), around())
    assert sheet.hidden == ["third", "why"]
    assert sheet.problems == {}


def test_what_depends_on_the_case_alone_is_not_drawn_when_hidden():
    components = form(field("textfield", conditional={"hide": '=case.nation = "scotland"'}), WHY, REACHED)
    surroundings = around(case={"nation": "scotland"})
    drawn = blocks(fill(components, typed(reached="yes"), surroundings), surroundings, with_problems=False)
    assert [(block.question, block.is_hidden) for block in drawn] == [("why", True), ("reached", False)]


ACTIONS = {
    "type": "dynamiclist",
    "path": "actions",
    "label": "Resolution actions",
    "id": "actions",
    "components": [
        field("textfield", key="what", label="Action", validate={"required": True}),
        field("number", key="amount", label="Amount", properties={"money": "true"}),
    ],
}


def test_a_list_opens_with_one_row_and_keeps_typed_rows():
    components = form(ACTIONS)
    assert typed_from_names(components, around()) == {"actions-rows": ["1"]}
    opened = typed_from_names(components, around(actions=[{"what": "Apologise", "amount": 5000}, {"what": "Pay"}]))
    assert opened == {
        "actions-rows": ["2"],
        "actions-0-what": ["Apologise"],
        "actions-0-amount": ["50.00"],
        "actions-1-what": ["Pay"],
    }
    values = fill(components, opened, around()).values
    assert values == {"actions": [{"what": "Apologise", "amount": 5000}, {"what": "Pay", "amount": None}]}


def test_each_row_has_labels_and_errors_of_its_own():
    typed_rows = {"actions-rows": ["2"], "actions-0-what": ["Apologise"], "actions-1-amount": ["a lot"]}
    sheet = fill(form(ACTIONS), typed_rows, around())
    [drawn] = blocks(sheet, around(), with_problems=True)
    labels = [str(part.params["label"]["html"]) for row in drawn.rows for part in row]
    assert len(set(labels)) == len(labels) == 4
    assert labels[2] == 'Action <span class="govuk-visually-hidden">(resolution action 2)</span>'
    assert error_summary(sheet)["errorList"] == [
        {"text": "Resolution action 2: Enter action", "href": "#actions-1-what"},
        {
            "text": "Resolution action 2: Amount must be an amount of money, like 50 or 50.25",
            "href": "#actions-1-amount",
        },
    ]


def test_rows_are_added_and_removed_without_losing_what_was_typed():
    rows = typed(actions__rows="2", actions__0__what="first", actions__1__what="second", other="kept")
    assert with_row_added(rows, "actions")["actions-rows"] == ["3"]
    assert with_row_removed(rows, "actions", 0) == {
        "actions-rows": ["1"],
        "actions-0-what": ["second"],
        "other": ["kept"],
    }


def test_an_empty_row_does_not_count_but_the_list_may_need_one():
    both = typed(actions__rows="2", actions__0__what="Apologise")
    assert fill(form(ACTIONS), both, around()).values == {"actions": [{"what": "Apologise", "amount": None}]}
    none = fill(form(ACTIONS), typed(actions__rows="1"), around())
    assert none.problems == {"actions-0-what": "Enter action"}
    gone = fill(form(ACTIONS), typed(actions__rows="0"), around())
    assert gone.problems == {"actions": "Add at least one: resolution actions"}


def test_a_wrong_answer_in_an_otherwise_empty_row_is_not_dropped():
    rows = typed(actions__rows="2", actions__0__what="Apologise", actions__1__amount="lots")
    problems = fill(form(ACTIONS), rows, around()).problems
    assert problems == {
        "actions-1-what": "Enter action",
        "actions-1-amount": "Amount must be an amount of money, like 50 or 50.25",
    }


SETTLED = {
    **ACTIONS,
    "allowAddRemove": False,
    "components": [{**ACTIONS["components"][0], "readonly": True}, ACTIONS["components"][1]],
}


def test_settled_rows_are_those_that_are_stored_whatever_a_browser_sends():
    surroundings = around(actions=[{"what": "Apologise"}, {"amount": 100}], what="a variable of the same name")
    sent = typed(actions__rows="7", actions__0__what="Something else", actions__0__amount="5", actions__4__amount="9")
    sheet = fill(form(SETTLED), sent, surroundings)
    assert sheet.values == {"actions": [{"amount": 500}, {"amount": None}]}
    assert [[entry.value for entry in row] for row in sheet.asked[0].rows] == [["Apologise", 500], [None, None]]
    assert fill(form(SETTLED), {}, around()).values == {"actions": []}


def test_values_that_are_shown_one_after_the_other_make_one_list():
    components = form(
        field("textfield", key="name", label="Name", readonly=True),
        field("number", key="count", label="Count", readonly=True),
        field("textfield", key="note", label="Note"),
    )
    surroundings = around(name="Robin", count=2)
    drawn = blocks(fill(components, {}, surroundings), surroundings, with_problems=False)
    assert [block.macro for block in drawn] == ["read_only", "input"]
    assert drawn[0].params["rows"] == [{"label": "Name", "value": "Robin"}, {"label": "Count", "value": "2"}]


def test_the_error_summary_links_to_the_first_input_of_each_question():
    components = form(
        field("datetime", key="on", label="Date", subtype="date", validate={"required": True}),
        field("textfield", key="request.note", label="Note", validate={"required": True}),
    )
    summary = error_summary(fill(components, {}, around()), {"other": "Something else"})
    assert summary["errorList"] == [
        {"text": "Enter date", "href": "#on-day"},
        {"text": "Enter note", "href": "#request-note"},
        {"text": "Something else"},
    ]


def test_text_is_escaped_and_may_quote_what_the_task_knows():
    components = form({"type": "text", "id": "t", "text": "## Plan\n\n- **{{name}}** <b>\n- £\n\nplain"})
    surroundings = around(name="<script>")
    html = str(blocks(fill(components, {}, surroundings), surroundings, with_problems=False)[0].params["html"])
    assert "<strong>&lt;script&gt;</strong> &lt;b&gt;" in html
    assert '<h2 class="govuk-heading-m">Plan</h2>' in html
    assert html.count("<li>") == 2


def test_an_optional_question_says_so():
    sheet = fill(form(field("textfield")), {}, around())
    assert blocks(sheet, around(), with_problems=False)[0].params["label"]["text"] == "Answer (optional)"


def test_a_form_may_ask_afresh_what_was_answered_in_an_earlier_round():
    again = field("textfield", properties={"prefill": "no"})
    assert typed_from_names(form(again), around(answer="last time")) == {}
    assert typed_from_names(form(field("textfield")), around(answer="last time")) == {"answer": ["last time"]}


def test_a_pattern_from_an_analyst_cannot_hang_the_server():
    component = field("textfield", validate={"pattern": "(a+)+b"})
    assert one(component, typed(answer="a" * 5000))[1] == "Answer is not in the right format"


def test_a_list_cannot_be_made_larger_than_its_limit():
    assert len(fill(form(ACTIONS), typed(actions__rows="99999"), around()).asked[0].rows) <= 100
    assert len(fill(form(ACTIONS), typed(actions__rows="9999"), around()).asked[0].rows) == 100
