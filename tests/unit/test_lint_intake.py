"""What process.toml says of recording contacts is checked before it is in force."""

from __future__ import annotations

import pytest

from tests import tiny
from tests.unit.lint_check import SHEET, findings, process_folder

CLIENT = tiny.form("client", {"type": "textfield", "key": "outcome", "label": "Outcome"})
CONTACT = tiny.form(
    "contact",
    {"type": "dynamiclist", "path": "plan_actions", "label": "Actions", "components": []},
)
RIGHT = (
    '[intake]\nclient = "client"\ncontact = "contact"\nfurther_issues = "plan_actions"\nknown_to_all = ["outcome"]\n'
)


def said(sheet: str) -> list[str]:
    files = process_folder(tiny.diagram(process_id="p")) | {
        "review/process.toml": SHEET + sheet,
        "review/forms/client.form": CLIENT,
        "review/forms/contact.form": CONTACT,
    }
    return [str(finding) for finding in findings(files) if finding.rule == "intake-not-valid"]


def test_what_is_declared_rightly_is_accepted() -> None:
    assert said(RIGHT) == []
    assert said("") == []


@pytest.mark.parametrize(
    ("right", "wrong", "part"),
    [
        ('client = "client"', 'client = "gone"', "There is no form 'gone'"),
        ('contact = "contact"\n', "", "needs “contact”"),
        ('"plan_actions"', '"issues"', "names 'issues', which the form “contact” does not ask"),
        ('["outcome"]', '["case.colour"]', "names 'case.colour'"),
        ('["outcome"]', '"outcome"', "must be a list of names"),
        ("[intake]", "[intake]\ncolour = 1", "“colour” means nothing"),
    ],
)
def test_what_cannot_be_done_is_said(right: str, wrong: str, part: str) -> None:
    found = said(RIGHT.replace(right, wrong))
    assert any(part in finding for finding in found), found
