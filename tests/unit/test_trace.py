"""From the steps of a procedure to elements, letters and scenarios."""

from __future__ import annotations

import json

from engine.bundle import Bundle, fingerprint
from engine.trace import read_procedure, trace
from tests.unit.bpmn_text import service, straight, user
from tests.unit.lint_check import process_folder

PROCEDURE = """# Review
## Review 1 Refer the case
text
### Review 2: Explain the process
#### Review 3
A line that mentions Review 4 is no step.
"""
SCENARIO = '[[step]]\ncomplete = "a"\n[step.then]\ntasks = ["z"]\n'


def step(*names: str) -> str:
    return f'<z:properties><z:property name="step" value="{", ".join(names)}"/></z:properties>'


def bundle(**more: str) -> Bundle:
    letter = '<z:input source=\'=if true then "CMSL5800" else "CMSL5801"\' target="letter"/>'
    xml = straight(
        ("a", user("a", more=step("Review 1", "Review 2"))),
        ("b", service("b", "issue_letter", letter, more=step("Review 2", "Review 9"))),
    )
    texts = process_folder(xml) | {"review/procedure.md": PROCEDURE, "review/scenarios/silent.toml": SCENARIO} | more
    files = {f"processes/{name}": text.encode() for name, text in texts.items()}
    return Bundle("review", files, fingerprint(files), "p", "Review")


def test_steps_are_headings() -> None:
    assert read_procedure(PROCEDURE) == {
        "Review 1": "Refer the case",
        "Review 2": "Explain the process",
        "Review 3": "",
    }


def test_each_step_shows_its_elements_letters_and_scenarios() -> None:
    traced = {s.step: s for s in trace(bundle()).steps}
    assert [e.element for e in traced["Review 2"].elements] == ["a", "b"]
    assert traced["Review 2"].letters == ("CMSL5800", "CMSL5801")
    assert traced["Review 1"].letters == ()
    assert traced["Review 1"].scenarios == ("processes/review/scenarios/silent.toml",)
    assert traced["Review 1"].elements[0].file == "processes/review/review.bpmn"


def test_a_step_that_nothing_carries_is_missing_and_one_that_is_not_written_is_unknown() -> None:
    found = trace(bundle())
    assert found.missing == ("Review 3",)
    assert found.unknown == ("Review 9",)


def test_a_scenario_counts_for_the_automatic_elements_that_it_took() -> None:
    found = trace(bundle(), taken={"told.toml": frozenset({"b"})})
    assert "told.toml" in {s.step: s for s in found.steps}["Review 2"].scenarios


def test_a_trace_is_json() -> None:
    assert json.loads(json.dumps(trace(bundle()).as_json()))["missing"] == ["Review 3"]


def test_a_broken_diagram_or_scenario_does_not_stop_the_trace() -> None:
    found = trace(bundle(**{"review/more.bpmn": "<broken", "review/scenarios/b.toml": "[["}))
    assert len(found.steps) == 3
