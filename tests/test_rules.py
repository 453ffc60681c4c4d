"""The conventions that hold the code together, as tests: the README's four invariants and what follows from them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from engine.settings import ROOT
from handlers import HANDLERS

PACKAGES = ("engine", "handlers", "letters", "web")


@cache
def _sources() -> list[tuple[Path, ast.Module]]:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return [(path.relative_to(ROOT), ast.parse(path.read_text())) for path in sorted(paths)]


def _imports(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def test_only_engine_spiff_imports_spiffworkflow() -> None:
    importers = {
        str(path) for path, tree in _sources() if any(name.split(".")[0] == "SpiffWorkflow" for name in _imports(tree))
    }
    assert importers
    assert all(path.startswith("engine/spiff/") for path in importers), importers


def test_only_the_database_module_commits() -> None:
    committers = {
        str(path)
        for path, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
        and "savepoint" not in ast.unparse(node.func.value)
    }
    assert committers == {"engine/db.py"}


def test_only_web_app_wires_the_world_together() -> None:
    wirers = {
        str(path)
        for path, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "World"
    }
    assert wirers == {"web/app.py"}


def test_only_web_errors_maps_errors_to_http() -> None:
    mappers = {
        str(path)
        for path, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("errorhandler", "register_error_handler")
    }
    assert mappers == {"web/errors.py"}


def test_flask_stays_in_web_and_the_scheduler_in_the_worker() -> None:
    for path, tree in _sources():
        roots = {name.split(".")[0] for name in _imports(tree)}
        if not str(path).startswith("web/"):
            assert "flask" not in roots, path
        if str(path) != "engine/worker.py":
            assert not roots & {"apscheduler", "procrastinate"}, path


def test_every_handler_is_used_by_a_diagram_or_an_element_template() -> None:
    written = "".join(
        path.read_text() for pattern in ("*.bpmn", "*.json") for path in (ROOT / "processes").rglob(pattern)
    )
    unused = {name for name in HANDLERS if f'"{name}"' not in written}
    assert unused == set()


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for name in ("PORT", "DATA_DIR", "REDRESS_DEMO", "REDRESS_PROCESSES_DIR", "REDRESS_DELIVERY_ATTEMPTS"):
        assert f"`{name}`" in readme, name
