"""The standard's own schema beside our reading of DMN: what it accepts is read, and our tables are what it accepts."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree

from engine.decisions import load_decisions
from tests.unit.test_decision_page import DMN, Row
from tests.world import PROCESSES

DMN_13 = "https://www.omg.org/spec/DMN/20191111/MODEL/"
TABLES = sorted(PROCESSES.rglob("*.dmn"))
NEWER = ("boxed filter", "boxed for", "boxed some", "boxed every", "conditional")  # of DMN 1.4
NOT_ALLOWED = ("another hit policy", "hit policy by its initial")


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The schema of DMN 1.3, which SpiffWorkflow ships."""
    found = find_spec("SpiffWorkflow")
    assert found is not None
    [folder] = found.submodule_search_locations or []
    return etree.XMLSchema(etree.parse(Path(folder) / "dmn" / "parser" / "schema" / "DMN13.xsd"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_our_own_tables_are_what_the_standard_accepts(path: Path, schema: etree.XMLSchema) -> None:
    schema.assertValid(etree.fromstring(path.read_bytes()))
    assert all(not decision.findings() for decision in load_decisions(path.read_bytes(), file=path.name).values())


@pytest.mark.parametrize("row", [row for row in DMN if row.part not in NEWER], ids=lambda row: row.part)
def test_what_we_run_the_standard_accepts(row: Row, schema: etree.XMLSchema) -> None:
    xml = f'<definitions xmlns="{DMN_13}" name="t" namespace="t">{row.xml}</definitions>'
    is_valid = schema.validate(etree.fromstring(xml.replace(' typeRef=""', "")))
    assert is_valid == (row.part not in NOT_ALLOWED), schema.error_log
