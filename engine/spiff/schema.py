"""The standard's own schema of BPMN 2.0 files, which SpiffWorkflow carries. Looks for the file and imports nothing."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree


@lru_cache(maxsize=1)
def standard_schema() -> etree.XMLSchema:
    """Return the schema of the OMG (BPMN20.xsd with Semantic.xsd), compiled once."""
    spec = find_spec("SpiffWorkflow")
    assert spec is not None
    path = Path(str(spec.origin)).parent / "bpmn" / "parser" / "schema" / "BPMN20.xsd"
    return etree.XMLSchema(etree.parse(path))
