"""Process definitions: deployed once as immutable, hashed bundles; read back parsed, once per version.

Deploying checks everything first and refuses with every finding at once; the version in force then stays in force.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from engine import event_starts
from engine.bundle import SHEET, Bundle, read_bundle
from engine.db import once_a_look
from engine.decisions import Decision, load_deployed
from engine.dictionary import Dictionary, Group, read_dictionary, read_groups, read_sheet
from engine.errors import DeploymentRefused, NotFound
from engine.forms import Form, read_form
from engine.holds import hold_name
from engine.lint import check_bundle, is_error
from engine.lint.finding import error
from engine.models import Definition, ProcessInstance
from engine.procedure_steps import procedures_in, step_of
from engine.spiff import Program, compile_deployed, compile_program
from engine.spiff.host import DiagramError
from engine.trace import read_procedure
from engine.world import Actor, LetterForm, World


@dataclass(frozen=True, slots=True)
class Reopening:
    """What process.toml lets be done to a closed request: who may reopen or correct it, and which facts may change."""

    by: str
    correctable: tuple[str, ...]


@dataclass(frozen=True)
class LoadedDefinition:
    """One version, ready to run. What is parsed from its files is parsed at first use and then kept."""

    definition_id: int
    key: str
    version: int
    sha256: str
    process_id: str
    title: str
    files: Mapping[str, bytes]
    read_letter_form: LetterForm

    def _beside(self, name: str) -> str:
        """Return the path of a file at the root of the processes, whatever that folder is called."""
        return next((path for path in self.files if path.count("/") == 1 and path.endswith(f"/{name}")), name)

    @cached_property
    def program(self) -> Program:
        """The diagrams, compiled."""
        diagrams = {path: data for path, data in self.files.items() if path.endswith(".bpmn")}
        return compile_deployed(diagrams, self.process_id)

    @cached_property
    def decisions(self) -> Mapping[str, Decision]:
        """Every decision of the bundle by its id."""
        found: dict[str, Decision] = {}
        for path, data in self.files.items():
            if path.endswith(".dmn"):
                found.update(load_deployed(data, file=path))
        return found

    @cached_property
    def dictionary(self) -> Dictionary:
        """The fields, picklists and groups that this version was deployed with."""
        return read_dictionary(self.files.get(self._beside("dictionary.toml")))

    @cached_property
    def groups(self) -> Mapping[str, Group]:
        """The candidate groups that this version was deployed with."""
        return read_groups(self.files.get(self._beside("groups.toml")))[0]

    @cached_property
    def sheet(self) -> Mapping[str, object]:
        """What the folder's process.toml says."""
        sheets = [data for path, data in self.files.items() if path.endswith(f"/{self.key}/process.toml")]
        return read_sheet(sheets[0]).entries if sheets else {}

    @property
    def first_team(self) -> str | None:
        """The group that cases come from and go back to: `starts_from` of process.toml."""
        entry = self.sheet.get("starts_from")
        return entry if isinstance(entry, str) else None

    @property
    def is_started_by_people(self) -> bool:
        """Tell whether a person may start it on a case.

        ``started_by`` in process.toml (a message, a hand-over) says no; so does ``[intake]``: a recorded contact
        starts it then; so does a diagram that begins with events alone.
        """
        if self.sheet.get("started_by") is not None or "intake" in self.sheet:
            return False
        start = self.program.processes[self.process_id].start_element
        return start not in {event.element_id for event in self.program.starts.get(self.process_id, ())}

    @property
    def reopening(self) -> Reopening | None:
        """Who may reopen a closed request of this procedure, and what they may correct; None where nobody may.

        process.toml: ``[reopening]`` with `by`, a group, and `correctable`, names of ``request.*`` facts.
        """
        entry = self.sheet.get("reopening")
        if not isinstance(entry, Mapping) or not isinstance(entry.get("by"), str):
            return None
        facts = entry.get("correctable")
        return Reopening(str(entry["by"]), tuple(map(str, facts)) if isinstance(facts, list) else ())

    @property
    def after_closure(self) -> Mapping[str, str]:
        """Which messages about a closed request start which procedure, when nobody waits for them: name to key.

        process.toml: ``[[messages]]`` with `name` and ``after_closure``.
        """
        entries = self.sheet.get("messages")
        rows = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
        return {str(row.get("name")): str(row["after_closure"]) for row in rows if row.get("after_closure")}

    def hand_over_to(self, key: str) -> Mapping[str, str] | None:
        """Return which facts go over to another procedure (target name to source name), or None if it is not declared.

        process.toml: ``[[hand_overs]]`` with `to` and `fields`, each a name or ``{ from = "...", to = "..." }``. One
        fact may go over under several names.
        """
        entries = self.sheet.get("hand_overs")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, Mapping) and entry.get("to") == key:
                fields = entry.get("fields") or []
                return dict((f, f) if isinstance(f, str) else (str(f["to"]), str(f["from"])) for f in fields)
        return None

    @cached_property
    def procedure(self) -> Mapping[str, str]:
        """The numbered steps of the procedure with their titles, as its procedure.md has them; empty without one."""
        texts = [data for path, data in self.files.items() if path.endswith(f"/{self.key}/procedure.md")]
        return read_procedure(texts[0].decode("utf-8", errors="replace")) if texts else {}

    @cached_property
    def _procedures(self) -> frozenset[str]:
        return procedures_in(self.procedure)

    def step_of(self, element_id: str, callers: tuple[str, ...] = (), *, worked_out: object = None) -> str:
        """Return the steps that an element or a flow belongs to: its own, else those of the nearest caller with one.

        `worked_out` is the element's own step where the diagram writes it as an expression.
        """
        found = (self.program.elements.get(one) or self.program.flows.get(one) for one in (element_id, *callers))
        own = [worked_out] if isinstance(worked_out, str) else []
        return step_of([*own, *(one.properties.get("step") for one in found if one)], self._procedures)

    @cached_property
    def forms(self) -> Mapping[str, Form]:
        """Every form of the bundle by its id."""
        read = [read_form(data, file=path) for path, data in self.files.items() if path.endswith(".form")]
        return {form.id: form for form in read}

    def letter_form(self, letter_id: str) -> Form:
        """Return the boxes that a person fills to write a letter, as a form."""
        return read_form(self.read_letter_form(self.letter_files, letter_id), file=f"{letter_id}.form")

    @cached_property
    def letter_files(self) -> Mapping[str, bytes]:
        """The letter templates that this version was deployed with."""
        return {path: data for path, data in self.files.items() if path.startswith("letters/")}


@dataclass(frozen=True, slots=True)
class Deployed:
    """The outcome of a deployment; `is_new` is false when the very same bundle was in force already."""

    key: str
    version: int
    sha256: str
    is_new: bool


def process_folders(processes_dir: Path) -> list[Path]:
    """Return the folders that can be deployed: those with a main process named in their process.toml."""
    return sorted(path.parent for path in processes_dir.glob("*/process.toml") if path.parent.name != "shared")


def deploy(world: World, folder: Path, *, actor: Actor) -> Deployed:
    """Check a process folder and put it in force as a new version.

    Raises: DeploymentRefused with every finding; nothing has changed then.
    """
    bundle = read_bundle(folder, processes_root=folder.parent, extra=world.letter_files)
    with world.db.read() as connection:
        known = connection.execute(
            select(Definition.version, Definition.is_in_force).where(
                Definition.key == bundle.key, Definition.sha256 == bundle.sha256
            )
        ).one_or_none()
    if known is not None and known.is_in_force:
        return Deployed(bundle.key, known.version, bundle.sha256, is_new=False)
    errors = [finding for finding in check_bundle(bundle, known=world.known) if is_error(finding)]
    faults = world.letter_faults({path: data for path, data in bundle.files.items() if path.startswith("letters/")})
    errors += [error("letters/letters.toml", "", "letter-not-valid", fault) for fault in faults]
    if errors:
        raise DeploymentRefused(errors)
    diagrams = {path: data for path, data in bundle.files.items() if path.endswith(".bpmn")}
    try:
        compile_program(diagrams, bundle.process_id)
    except DiagramError as refused:
        raise DeploymentRefused(refused.findings) from refused
    with world.db.write() as connection:
        hold_name(connection, "the versions in force")
        return put_in_force(world, connection, bundle, actor=actor)


def put_in_force(world: World, connection: Connection, bundle: Bundle, *, actor: Actor) -> Deployed:
    """Store a bundle that was checked and make it the version that new instances start with."""
    connection.execute(update(Definition).where(Definition.key == bundle.key).values(is_in_force=False))
    again = connection.execute(
        update(Definition)
        .where(Definition.key == bundle.key, Definition.sha256 == bundle.sha256)
        .values(is_in_force=True)
        .returning(Definition.version)
    ).scalar_one_or_none()
    if again is not None:
        _let_events_start_it(world, connection, bundle)
        return Deployed(bundle.key, again, bundle.sha256, is_new=True)
    last = connection.execute(select(func.max(Definition.version)).where(Definition.key == bundle.key)).scalar()
    version = (last or 0) + 1
    connection.execute(
        insert(Definition).values(
            key=bundle.key,
            version=version,
            sha256=bundle.sha256,
            process_id=bundle.process_id,
            title=bundle.title,
            bundle=_zip(bundle.files),
            is_in_force=True,
            deployed_at=world.clock.now(),
            deployed_by=actor.key,
        )
    )
    _let_events_start_it(world, connection, bundle)
    return Deployed(bundle.key, version, bundle.sha256, is_new=True)


def _let_events_start_it(world: World, connection: Connection, bundle: Bundle) -> None:
    """Raises: DeploymentRefused when a timer would never start it."""
    definition_id = connection.execute(
        select(Definition.definition_id).where(Definition.key == bundle.key, Definition.is_in_force)
    ).scalar_one()
    diagrams = {path: data for path, data in bundle.files.items() if path.endswith(".bpmn")}
    program = compile_deployed(diagrams, bundle.process_id)
    findings = event_starts.register(world, connection, program, key=bundle.key, definition_id=definition_id)
    if findings:
        raise DeploymentRefused(findings)


def withdraw(world: World, key: str) -> int:
    """Take a procedure out of force: no new instance starts. Return how many are under way; those run on to their end.

    Deploying its folder again puts it back in force. Raises: NotFound when no version of it is in force.
    """
    with world.db.write() as connection:
        hold_name(connection, "the versions in force")
        in_force(world, connection, key)
        connection.execute(update(Definition).where(Definition.key == key).values(is_in_force=False))
        event_starts.withdraw(connection, key)
        under_way = (
            select(func.count())
            .select_from(ProcessInstance)
            .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
            .where(Definition.key == key, ProcessInstance.ended_at.is_(None))
        )
        return int(connection.execute(under_way).scalar_one())


def without_folder(world: World) -> list[str]:
    """Return the procedures in force whose folder is no longer among the processes: nobody has withdrawn them yet."""
    there = keys_of_folders(world)
    with world.db.read() as connection:
        keys = connection.execute(select(Definition.key).where(Definition.is_in_force).order_by(Definition.key))
        return [key for key in keys.scalars() if key not in there]


def keys_of_folders(world: World) -> frozenset[str]:
    """Return the keys of the procedures that the folder of processes holds now."""
    folders = process_folders(world.settings.processes_dir)
    return frozenset(read_sheet((folder / SHEET).read_bytes()).key for folder in folders)


def in_force(world: World, connection: Connection, key: str) -> LoadedDefinition:
    """Return the version of a process that new instances start with.

    Raises: NotFound when the procedure was withdrawn, or never deployed.
    """
    definition_id = connection.execute(
        select(Definition.definition_id).where(Definition.key == key, Definition.is_in_force)
    ).scalar_one_or_none()
    if definition_id is None:
        raise NotFound(f"No procedure {key!r} is in force: it was withdrawn, or never deployed. Ask operations.")
    return load(world, connection, definition_id)


@once_a_look
def ids_in_force(connection: Connection) -> Mapping[str, int]:
    """Return the versions that new instances start with, by the keys of their processes."""
    rows = connection.execute(select(Definition.key, Definition.definition_id).where(Definition.is_in_force))
    return {row.key: row.definition_id for row in rows}


def load(world: World, connection: Connection, definition_id: int) -> LoadedDefinition:
    """Return a deployed version, parsed; versions never change, so each is read once per program run."""
    loaded = world.definitions.get(definition_id)
    if loaded is None:
        row: Any = connection.execute(
            select(Definition.__table__).where(Definition.definition_id == definition_id)
        ).one()
        loaded = LoadedDefinition(
            definition_id=row.definition_id,
            key=row.key,
            version=row.version,
            sha256=row.sha256,
            process_id=row.process_id,
            title=row.title,
            files=_unzip(row.bundle),
            read_letter_form=world.letter_form,
        )
        world.definitions[definition_id] = loaded
    return loaded


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            archive.writestr(zipfile.ZipInfo(path), files[path], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _unzip(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
