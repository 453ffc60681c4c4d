"""Commands that try a diagram or a decision outside the case world: `run-bpmn` and `decide`. Nothing is stored."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from flask import Flask

from engine import runner
from engine.decisions import explain
from engine.errors import RedressError
from engine.evaluation import as_json as as_json_value
from engine.values import as_written, loads

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_ANY_PATH = click.Path(path_type=Path)
_BESIDE = (".bpmn", ".dmn")
_INPUT_HELP = (
    'A JSON object. A text is a date where the input is of the type date; elsewhere a date is {"@date": "2026-11-22"}.'
)


def register(app: Flask) -> None:
    """Add the commands."""

    @app.cli.command("run-bpmn")
    @click.argument("file", type=_ANY_PATH)
    @click.option(
        "--script", "script", type=_ANY_PATH, help="What happens to it: a TOML file (see docs/running-a-diagram.md)."
    )
    @click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
    def run_bpmn(file: Path, script: Path | None, as_json: bool) -> None:
        """Run any BPMN file that the check accepts by a script.

        Exits 0 when it ran, to its end, to a wait or to an incident; 1 when the file was refused; 2 when the script
        or the command says what cannot be, or a step of the script could not be done.
        """
        try:
            case = runner.read_case(script.read_text(encoding="utf-8")) if script else {}
            result = runner.run({file.name: file.read_bytes()}, case, beside=_beside(file))
        except OSError as fault:
            _fail(f"{fault.filename} cannot be read: {fault.strerror}.", as_json)
        except UnicodeDecodeError as fault:
            _fail(f"{script} is no text in UTF-8: {fault}.", as_json)
        except RedressError as fault:
            _fail(str(fault), as_json)
        if as_json:
            _print(result.as_json())
        else:
            _tell(result)
        sys.exit(1 if result.status == "refused" else 2 if result.stopped else 0)

    @app.cli.command("decide")
    @click.argument("file", type=_FILE)
    @click.argument("decision")
    @click.option("--input", "inputs", default="{}", help=_INPUT_HELP)
    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    def decide(file: Path, decision: str, inputs: str, as_json: bool) -> None:
        """Make a decision or ask a decision service, by id or name; exits 2 when it cannot be made, with the reason.

        What the file imports is looked for in its folder.
        """
        try:
            given = _read_inputs(inputs)
            answer = explain(file.read_bytes(), decision, given, beside=_beside(file))
        except (RedressError, ValueError) as fault:
            _fail(str(fault), as_json)
        if as_json:
            why = {"notes": list(answer.notes)} if answer.notes else {}
            _print({"result": as_json_value(answer.result), **why})
        else:
            click.echo(json.dumps(as_json_value(answer.result), ensure_ascii=False))
            for note in answer.notes:
                click.echo(f"null because of {note}", err=True)


def _read_inputs(text: str) -> dict[str, object]:
    """Raises: ValueError for what is not one JSON object, or nested too deep."""
    try:
        given = as_written(loads(text))
    except RecursionError:
        raise ValueError("The input is nested too deep.") from None
    if not isinstance(given, dict):
        raise ValueError('The input is one JSON object, such as {"amount": 120}.')
    return given


def _beside(file: Path) -> dict[str, bytes]:
    """Return the tables and called processes in the file's folder, and in `shared` beside that folder."""
    own = file.absolute().parent
    shared = own.parent / "shared"
    found: dict[str, bytes] = {}
    for folder in (own, shared) if shared.is_dir() and shared != own else (own,):
        for path in sorted(folder.iterdir()):
            if path.suffix in _BESIDE and path != file.absolute():
                with suppress(OSError):  # what cannot be read is missed by name, if the diagram calls it
                    found[path.name if folder == own else f"shared/{path.name}"] = path.read_bytes()
    return found


def _fail(why: str, as_json: bool) -> Any:
    click.echo(json.dumps({"error": why}, ensure_ascii=False) if as_json else why, err=not as_json)
    sys.exit(2)


def _print(found: dict[str, Any]) -> None:
    text = json.dumps(found, ensure_ascii=False, indent=2)
    # Half a character, which FEEL can make, has no place in UTF-8; as an escape it is JSON like any other.
    click.echo(text.encode("utf-8", "backslashreplace").decode())


def _tell(result: runner.Result) -> None:
    for finding in result.findings:
        click.echo(f"{finding.severity}: {finding}")
    click.echo(f"{result.status}: {', '.join(result.completed) or 'nothing completed'}")
    for task in result.tasks:
        click.echo(f"open: {task}")
    for wait in result.waits:
        click.echo(f"waits: {wait['element']} ({wait['kind']} {wait['name'] or wait['due_at'] or ''})")
    for message in result.lost:
        click.echo(f"lost: message {message['name']}, for nobody waited for it")
    if result.incident:
        click.echo(f"incident: {result.incident['message']}")
    if result.stopped:
        click.echo(f"step {result.stopped['step']} could not be done: {result.stopped['message']}")
    click.echo(json.dumps(result.as_json()["data"], ensure_ascii=False))
