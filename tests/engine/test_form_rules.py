"""What may be submitted: each answer belongs to a question that was asked, is there where it must be, and fits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.dictionary import read_dictionary
from engine.form_rules import find_problems
from engine.forms import read_form
from engine.read_only import with_what_is_stored
from tests import tiny

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DICTIONARY = read_dictionary(
    b"""
[picklists.colour]
title = "Colour"
values = [{ value = "Red" }, { value = "Green" }]
[fields.name]
type = "text"
label = "Name"
[fields.agreed]
type = "boolean"
label = "Agreed"
[fields.count]
type = "number"
label = "Count"
[fields.amount]
type = "money"
label = "Amount"
[fields.colour]
type = "choice"
label = "Colour"
picklist = "colour"
[fields.day]
type = "date"
label = "Day"
[fields.who]
type = "person"
label = "Who"
[fields.actions]
type = "list"
label = "Actions"
[fields."actions[].action"]
type = "text"
label = "Action"
[fields."actions[].due_on"]
type = "date"
label = "Due"
"""
)


def ask(*components: Mapping[str, Any]) -> Any:
    form = read_form(tiny.form("f", *components).encode(), file="f.form")
    assert form.faults == (), form.faults
    return form


def problems(form: Any, values: Mapping[str, object], **names: object) -> dict[str, str]:
    return find_problems(
        form, DICTIONARY, values, names, now=NOW, is_member=lambda person, group: (person, group) == (7, "team")
    )


NAME = {"type": "textfield", "key": "name", "label": "Name"}
AGREED = {"type": "checkbox", "key": "agreed", "label": "Agreed"}
REQUIRED = {"validate": {"required": True}}


@pytest.mark.parametrize("empty", [None, "", []])
def test_an_answer_that_is_needed_is_asked_for(empty: object) -> None:
    form = ask({**NAME, **REQUIRED})
    assert problems(form, {"name": empty}) == {"name": "Enter name"}
    assert problems(form, {}) == {"name": "Enter name"}
    assert problems(form, {"name": "Robin"}) == {}


def test_a_form_may_ask_in_its_own_words() -> None:
    form = ask({**NAME, **REQUIRED, "properties": {"requiredMessage": "Say who called"}})
    assert problems(form, {}) == {"name": "Say who called"}


def test_a_checkbox_that_must_be_ticked_is_not_answered_by_no() -> None:
    form = ask({**AGREED, **REQUIRED})
    assert set(problems(form, {"agreed": False})) == {"agreed"}
    assert problems(form, {"agreed": True}) == {}


def test_what_is_not_needed_may_be_left_out() -> None:
    assert problems(ask(NAME, AGREED), {}) == {}


def test_a_name_that_the_form_does_not_ask_for_is_refused() -> None:
    assert problems(ask(NAME), {"agreed": True}) == {"agreed": "This form asks for nothing of this name"}


@pytest.mark.parametrize(
    ("component", "good", "bad"),
    [
        ({"type": "textfield", "key": "name", "validate": {"maxLength": 5}}, ["Robin"], ["Robin E", 5, True]),
        ({"type": "textfield", "key": "name", "validate": {"minLength": 3}}, ["Rob"], ["Ro"]),
        (
            {"type": "number", "key": "count", "validate": {"min": 2, "max": 4}},
            [2, Decimal("3.5"), 4],
            [1, 5, "3", True],
        ),
        ({"type": "number", "key": "amount", "properties": {"money": "true"}}, [0, 2500], [-1, Decimal("0.5"), "25"]),
        ({"type": "select", "key": "colour", "valuesKey": "picklists.colour"}, ["Red"], ["Blue", 1, ["Red"]]),
        ({"type": "radio", "key": "name", "values": [{"value": "a", "label": "A"}]}, ["a"], ["b"]),
        ({"type": "datetime", "key": "day", "subtype": "date"}, [date(2026, 11, 22)], ["2026-11-22", NOW]),
        ({"type": "select", "key": "who", "valuesKey": "people.team"}, [7], [8, "7", True]),
        ({"type": "checkbox", "key": "agreed"}, [True, False], ["yes", 1]),
    ],
)
def test_an_answer_must_fit_its_type_range_and_list(
    component: dict[str, Any], good: list[object], bad: list[object]
) -> None:
    form = ask({"label": "It", **component})
    key = component["key"]
    assert [problems(form, {key: value}) for value in good] == [{}] * len(good)
    for value in bad:
        assert set(problems(form, {key: value})) == {key}, value


HIDDEN = {**NAME, **REQUIRED, "conditional": {"hide": "=agreed = true"}}


def test_a_hidden_question_needs_no_answer_and_takes_none() -> None:
    form = ask(AGREED, HIDDEN)
    assert problems(form, {"agreed": True}) == {}
    assert problems(form, {"agreed": True, "name": None}) == {}
    assert problems(form, {"agreed": True, "name": "x"}) == {
        "name": "This question was not asked, so it takes no answer"
    }
    assert problems(form, {"agreed": False}) == {"name": "Enter name"}


def test_what_was_just_typed_counts_before_what_was_known() -> None:
    assert problems(ask(AGREED, HIDDEN), {"agreed": True}, agreed=False) == {}
    assert problems(ask(HIDDEN), {}, agreed=True) == {}


def test_a_hidden_answer_of_an_earlier_round_hides_nothing_else() -> None:
    count = {"type": "number", "key": "count", "label": "Count", "conditional": {"hide": "=agreed = true"}}
    name = {**NAME, **REQUIRED, "conditional": {"hide": "=count = 1"}}
    assert problems(ask(AGREED, count, name), {"agreed": True, "count": None}, count=1) == {"name": "Enter name"}


def test_a_question_asked_in_two_places_takes_an_answer_when_one_of_them_shows() -> None:
    other = {**NAME, "id": "other", "conditional": {"hide": "=agreed != true"}}
    form = read_form(
        tiny.form("f", AGREED, {**NAME, "conditional": {"hide": "=agreed = true"}}, other).encode(), file="f.form"
    )
    assert problems(form, {"agreed": True, "name": "x"}) == {}
    assert problems(form, {"agreed": False, "name": "x"}) == {}


def test_a_condition_that_is_null_shows_the_question() -> None:
    form = ask({**NAME, **REQUIRED, "conditional": {"hide": "=nothing.there > 5"}})
    assert set(problems(form, {})) == {"name"}


def test_a_hidden_group_hides_what_is_in_it() -> None:
    group = {
        "type": "group",
        "label": "G",
        "conditional": {"hide": "=agreed = true"},
        "components": [{**NAME, **REQUIRED, "id": "n"}],
    }
    assert problems(ask(AGREED, group), {"agreed": True}) == {}
    assert set(problems(ask(AGREED, group), {})) == {"name"}


ACTIONS = {
    "type": "dynamiclist",
    "path": "actions",
    "label": "Actions",
    "components": [
        {"type": "textfield", "key": "action", "label": "Action", "id": "a", **REQUIRED},
        {"type": "datetime", "subtype": "date", "key": "due_on", "label": "Due", "id": "b"},
    ],
}


def test_each_entry_of_a_list_is_checked_and_named() -> None:
    form = ask(ACTIONS)
    good = {"action": "Write", "due_on": date(2026, 12, 1)}
    assert problems(form, {"actions": [good]}) == {}
    assert problems(form, {"actions": [good, {"due_on": "soon", "other": 1}]}).keys() == {
        "actions[1].action",
        "actions[1].due_on",
        "actions[1].other",
    }


@pytest.mark.parametrize("value", ["text", {"action": "x"}, ["x"], 5])
def test_a_list_must_be_a_list_of_entries(value: object) -> None:
    assert problems(ask(ACTIONS), {"actions": value}) == {"actions": "Actions must be a list of entries"}


SETTLED = {
    **ACTIONS,
    "allowAddRemove": False,
    "components": [{**ACTIONS["components"][0], "readonly": True}, {**ACTIONS["components"][1], **REQUIRED}],
}
STORED = [{"action": "Write", "note": "kept"}, {"action": "Pay"}]
DUE = date(2026, 12, 1)


def test_a_settled_list_takes_an_answer_for_each_of_its_rows_and_no_more() -> None:
    form = ask(SETTLED)
    assert problems(form, {"actions": [{"due_on": DUE}, {"due_on": DUE}]}, actions=STORED) == {}
    assert problems(form, {"actions": [{"due_on": DUE}, {}]}, actions=STORED).keys() == {"actions[1].due_on"}
    assert problems(form, {}, actions=STORED).keys() == {"actions[0].due_on", "actions[1].due_on"}
    refusal = {"actions": "Actions has 2 entries. None can be added, removed or moved here"}
    for count in (0, 1, 3):
        assert problems(form, {"actions": [{"due_on": DUE}] * count}, actions=STORED) == refusal


def test_what_a_form_only_shows_cannot_be_changed_through_it() -> None:
    form = ask(SETTLED, {**NAME, **REQUIRED, "readonly": True})
    moved = [{"action": "Pay", "due_on": DUE}, {"action": "Write", "due_on": DUE}]
    assert problems(form, {"name": "Jo", "actions": moved}, name="Robin", actions=STORED) == {
        "name": "Name cannot be changed here",
        "actions[0].action": "Action cannot be changed here",
        "actions[1].action": "Action cannot be changed here",
    }
    same = [{"action": "Write", "due_on": DUE}, {"action": "Pay", "due_on": DUE}]
    assert problems(form, {"name": "Robin", "actions": same}, name="Robin", actions=STORED) == {}
    assert problems(ask({**NAME, **REQUIRED, "readonly": True}), {}) == {}


def test_what_is_kept_is_what_was_stored_with_the_answers_in_it() -> None:
    form = ask(SETTLED, {**NAME, "readonly": True}, AGREED)
    values = {"actions": [{"due_on": DUE}, {"due_on": None}], "name": "Robin", "agreed": True}
    kept = with_what_is_stored(form.components, values, {"actions": STORED, "name": "Robin"})
    rows = [{"action": "Write", "note": "kept", "due_on": DUE}, {"action": "Pay", "due_on": None}]
    assert kept == {"actions": rows, "agreed": True}
    assert with_what_is_stored(form.components, {"actions": None}, {"actions": STORED}) == {}


def test_a_form_is_data_and_its_text_is_never_run() -> None:
    form = ask({**NAME, "label": "={{ 7 * 7 }}<script>"})
    assert problems(form, {"name": 5})
    assert json.loads(tiny.form("f", NAME))["components"][0]["key"] == "name"


def test_a_date_that_may_not_lie_in_the_future_is_refused_from_tomorrow_in_london() -> None:
    dictionary = read_dictionary(
        b'[fields.day]\ntype = "date"\nlabel = "Day"\nnot_future = true\n'
        b'[fields.moment]\ntype = "datetime"\nlabel = "Moment"\nnot_future = true'
    )
    form = ask(
        {"type": "datetime", "subtype": "date", "key": "day", "label": "Day of the call"},
        {"type": "datetime", "subtype": "datetime", "key": "moment", "label": "Time of the call"},
    )
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # 2 July in London
    sentence = "Day of the call must be today or in the past"

    def found(**values: object) -> dict[str, str]:
        return find_problems(form, dictionary, values, {}, now=late, is_member=lambda *_: False)

    assert found(day=date(2026, 7, 2), moment=late) == {}
    assert found(day=date(2026, 7, 3)) == {"day": sentence}
    assert list(found(moment=late.replace(minute=31))) == ["moment"]


def test_a_date_that_may_not_come_before_another_is_refused_with_the_name_of_that_one() -> None:
    dictionary = read_dictionary(
        b'[fields.moment]\ntype = "datetime"\nlabel = "Moment"\nnot_future = true\nnot_before = "request.since"\n'
        b'[fields.day]\ntype = "date"\nlabel = "Day"\nnot_before = "request.since"\n'
        b'[fields."request.since"]\ntype = "datetime"\nlabel = "Pending Assignment since"'
    )
    form = ask(
        {"type": "datetime", "subtype": "datetime", "key": "moment", "label": "Time of the call"},
        {"type": "datetime", "subtype": "date", "key": "day", "label": "Day of the call"},
    )
    since = datetime(2026, 7, 1, 13, 5, tzinfo=UTC)

    def found(first: datetime | None = since, **values: object) -> dict[str, str]:
        names = {"request": {"since": first}}
        now = datetime(2026, 7, 3, 9, tzinfo=UTC)
        return find_problems(form, dictionary, values, names, now=now, is_member=lambda *_: False)

    assert found(moment=since, day=date(2026, 7, 1)) == {}
    assert found(moment=since.replace(minute=4)) == {
        "moment": "Time of the call must not be before 2:05pm on 1 July 2026 (Pending Assignment since)"
    }
    assert found(since.replace(second=40, microsecond=1), moment=since) == {}  # in the same minute, as people type it
    assert list(found(day=date(2026, 6, 30))) == ["day"]
    assert found(None, moment=since.replace(year=2020), day=date(2020, 1, 1)) == {}
    assert found(moment=datetime(2026, 7, 3, 9, 1, tzinfo=UTC)) == {"moment": "Time of the call must be in the past"}


def test_an_amount_that_may_not_be_more_than_another_is_refused_with_that_one() -> None:
    dictionary = read_dictionary(
        b'[fields.decided]\ntype = "money"\nlabel = "Amount"\nat_most = "asked"\n'
        b'[fields.asked]\ntype = "money"\nlabel = "Amount asked for"'
    )
    form = ask({"type": "number", "key": "decided", "label": "Amount", "properties": {"money": "true"}})

    def found(decided: int, asked: int | None) -> dict[str, str]:
        now = datetime(2026, 7, 3, 9, tzinfo=UTC)
        return find_problems(
            form, dictionary, {"decided": decided}, {"asked": asked}, now=now, is_member=lambda *_: False
        )

    assert (found(8000, 8000), found(0, 8000), found(8000, None)) == ({}, {}, {})
    assert found(8001, 8000) == {"decided": "Amount must be £80.00 or less (Amount asked for)"}


def test_what_names_an_entry_of_another_list_is_refused_where_no_entry_is_called_so() -> None:
    dictionary = read_dictionary(
        b'[fields.reasons]\ntype = "list"\n[fields."reasons[].reason"]\ntype = "text"\nlabel = "Reason"\n'
        b'[fields.actions]\ntype = "list"\n[fields."actions[].reason"]\ntype = "text"\none_of = "reasons[].reason"'
    )
    rows = [
        {
            "type": "dynamiclist",
            "path": path,
            "label": path,
            "components": [{"type": "textfield", "key": "reason", "label": "Why"}],
        }
        for path in ("reasons", "actions")
    ]
    form, now = ask(*rows), datetime(2026, 7, 3, 9, tzinfo=UTC)

    def found(reason: str) -> dict[str, str]:
        values = {"reasons": [{"reason": "Wrong date "}, {"reason": "Rude call"}], "actions": [{"reason": reason}]}
        return find_problems(form, dictionary, values, {}, now=now, is_member=lambda *_: False)

    assert (found("Rude call"), found("wrong  date")) == ({}, {})
    assert found("Wrong dat") == {
        "actions[0].reason": "Why must be one of these, in the same words: “Wrong date”, “Rude call”"
    }


def test_a_condition_in_a_row_sees_the_answers_of_its_own_row() -> None:
    form = ask(
        {
            "type": "dynamiclist",
            "path": "actions",
            "label": "Actions",
            "components": [
                {"type": "textfield", "key": "action", "label": "Action", **REQUIRED},
                {
                    "type": "datetime",
                    "subtype": "date",
                    "key": "due_on",
                    "label": "Due",
                    "conditional": {"hide": '=action = "done"'},
                    **REQUIRED,
                },
            ],
        }
    )
    rows = [{"action": "done"}, {"action": "to do"}]
    assert problems(form, {"actions": rows}, action="done") == {"actions[1].due_on": "Enter due"}
    rows = [{"action": "done", "due_on": date(2026, 12, 1)}]
    assert "takes no answer" in problems(form, {"actions": rows})["actions[0].due_on"]
