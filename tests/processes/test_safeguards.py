"""What must not happen to a client is one page, and every test and scenario that it names is there."""

from __future__ import annotations

import ast
import re

from engine.settings import ROOT

PAGE = (ROOT / "docs" / "safeguards.md").read_text()
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if re.match(r"\| [A-Z]", line)]


def test_everything_that_must_not_happen_is_held_by_a_test_or_a_scenario_that_is_there() -> None:
    held = [row for row in ROWS if row[0] != "What must not happen"]
    assert len(held) > 30
    for what, guard, said in held:
        assert guard, what
        file, _, name = said.strip("`").partition("::")
        text = (ROOT / file).read_text()
        functions = {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)} if name else set()
        assert not name or name in functions, f"{what}: there is no {name} in {file}"
