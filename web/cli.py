"""Commands of `flask --app web`: check, trace, deploy, withdraw, scenarios, add-person. Others do the work."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

import click
from flask import Flask

from engine import bank_holidays, coverage, definitions, rehearsal
from engine.bundle import SHARED
from engine.errors import RedressError
from engine.lint import check_path, is_error
from engine.scenarios import Told
from engine.schema import migrate
from engine.trace import Trace, trace_folder
from engine.world import DEPLOYMENT, World
from web import access_table, accounts, message_command, run_commands

T = TypeVar("T")


def register(app: Flask) -> None:
    """Add the commands."""
    here = cast(World, app.extensions["redress"])
    accounts.register(app, here)
    access_table.register(app)
    run_commands.register(app)
    message_command.register(app, here)

    @app.cli.command("check")
    @click.argument("path", type=click.Path(path_type=Path), required=False)
    @click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON list.")
    def check(path: Path | None, as_json: bool) -> None:
        """Check any folder or file of BPMN; exits 1 when there is an error."""
        findings = check_path(path or here.settings.processes_dir, known=here.known)
        if as_json:
            print(json.dumps([finding.as_json() for finding in findings], ensure_ascii=False, indent=2))
        else:
            for finding in findings:
                print(f"{finding.severity}: {finding}")
            errors = sum(map(is_error, findings))
            print(f"{_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}.")
        sys.exit(1 if any(map(is_error, findings)) else 0)

    @app.cli.command("trace")
    @click.argument("key", default="review")
    @click.option("--json", "as_json", is_flag=True, help="Print the trace as JSON.")
    def trace(key: str, as_json: bool) -> None:
        """Show procedure step -> elements -> letters -> scenarios; exits 1 when a step is missing."""
        root = here.settings.processes_dir
        made = _rehearse(here, root / key)
        taken = {f"{root.name}/{key}/scenarios/{Path(t.scenario.file).name}": frozenset(t.elements) for t in made.told}
        found = _or_exit(lambda: trace_folder(root / key, processes_root=root, taken=taken))
        if as_json:
            print(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        else:
            _print_trace(found)
        sys.exit(1 if found.missing or found.unknown else 0)

    @app.cli.command("deploy")
    @click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
    def deploy(folders: tuple[Path, ...]) -> None:
        """Put process folders in force; without a name, all of them. A running service needs no restart."""
        migrate(here.db)
        bank_holidays.seed(here)
        refused = False
        for folder in folders or tuple(definitions.process_folders(here.settings.processes_dir)):
            try:
                done = definitions.deploy(here, folder.resolve(), actor=DEPLOYMENT)
            except RedressError as error:
                print(error)
                refused = True
            else:
                news = "now in force" if done.is_new else "in force already"
                print(f"{done.key}: version {done.version} is {news} ({done.sha256[:12]}).")
        for key in () if folders else definitions.without_folder(here):
            print(f"{key}: its folder is gone, and it is still in force. To start no new ones: withdraw {key}")
        sys.exit(1 if refused else 0)

    @app.cli.command("withdraw")
    @click.argument("key")
    def withdraw(key: str) -> None:
        """Take a procedure out of force: no new ones start, and those under way run on to their end."""
        under_way = _or_exit(lambda: definitions.withdraw(here, key))
        run_on = "runs on with the version that it has" if under_way == 1 else "run on with the version that they have"
        print(f"{key} is withdrawn. {_count(under_way, 'case')} under way {run_on}.")
        if key in definitions.keys_of_folders(here):
            print("Its folder is still there: the next start or deploy would put it back in force. Remove it.")

    @app.cli.command("scenarios")
    @click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
    def scenarios(folders: tuple[Path, ...]) -> None:
        """Tell every scenario to the real engine; print what they cover; exit 1 when they fail or miss something."""
        is_well = True
        together: list[Told] = []
        for folder in folders or tuple(definitions.process_folders(here.settings.processes_dir)):
            made = _rehearse(here, folder)
            for failure in made.failures:
                print(failure)
            together += made.told
            measured = coverage.measure(made.program, made.told, under=_below(folder))
            print(coverage.report(measured))
            is_well = is_well and not made.failures and measured.is_complete
        if not folders and together:
            shared = coverage.measure(made.program, together, under=_below(folder.parent / SHARED))
            print(coverage.report(shared))
            is_well = is_well and shared.is_complete
        sys.exit(0 if is_well else 1)


def _rehearse(here: World, folder: Path) -> rehearsal.Rehearsal:
    """Tell the scenarios of a folder, saying on the error stream how far it has got."""
    from web.app import make_world

    def watch(number: int, of: int) -> None:
        if not sys.stderr.isatty():
            return  # what is read by a program must not hold a moving line
        end = "\n" if number == of else ""
        print(f"\rTelling the scenarios of {folder.name}: {number} of {of}", end=end, file=sys.stderr, flush=True)

    def place(scratch: Path) -> World:
        return make_world(replace(here.settings, data_dir=scratch, server_url=""))

    return _or_exit(lambda: rehearsal.rehearse(folder, make_world=place, watch=watch))


def _below(folder: Path) -> str:
    """Return how the files of a process folder begin in a bundle: processes/log/."""
    whole = folder.resolve()
    return f"{whole.parent.name}/{whole.name}/"


def _or_exit(act: Callable[[], T]) -> T:
    """Do something; what is refused is printed, and the program ends with 1."""
    try:
        return act()
    except RedressError as error:
        print(error)
        sys.exit(1)


def _print_trace(found: Trace) -> None:
    for step in found.steps:
        print(f"{step.step}  {step.title}")
        for element in step.elements:
            print(f"    {element.file}:{element.element}  {element.name}")
        if step.letters:
            print(f"    letters: {', '.join(step.letters)}")
        print(f"    scenarios: {', '.join(step.scenarios) or 'none'}")
    for step_name in found.missing:
        print(f"error: no element carries the step {step_name}.")
    for step_name in found.unknown:
        print(f"error: an element names the step {step_name}, which the procedure does not have.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
