"""Evidence: files that people attach to a task, and so to its step, or to a case. Stored by content, never changed.

Refuses files of a kind that is not taken, empty ones, ones over the limit, and ones whose content is not what their
name says. Until its task is completed a file can be removed again; after that it belongs to the record.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select

from engine import definitions
from engine.attachments import EVIDENCE, Attached, attached_to_task
from engine.cases import add_note
from engine.errors import NotFound, TaskNotClaimed, TaskNotYours, ValuesRefused
from engine.file_kinds import FileKind, FileRefused, kind_of
from engine.forms import Component
from engine.holds import hold_case, hold_task
from engine.models import Blob, Document, ProcessInstance, ServiceRequest
from engine.people import Somebody
from engine.tasks import get_open_task
from engine.upserts import upsert
from engine.values import dumps
from engine.world import World

ASIDE = "attachment"  # what a task's page may hold beside the questions of its form
MAX_NAME = 120
MAX_FILES = 20
_MEGABYTE = 1_000_000
# Names that mean a device to some systems, whatever follows the dot.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9]) *", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as somebody sent it: nothing about it is to be believed."""

    file_name: str
    content: bytes


def attach_to_task(world: World, task_id: int, field: str, uploads: Sequence[Upload], *, actor: Somebody) -> list[int]:
    """Attach files to an open task that the actor holds: all of them, or none. Return the documents' ids.

    `field` is the key of a filepicker of the task's form, or ASIDE. A file that is attached there already is not
    attached twice. Raises: NotFound, TaskNotClaimed, TaskNotYours, TaskAlreadyCompleted, TaskWithdrawn, ValuesRefused.
    """
    with world.db.write() as connection:
        hold_task(connection, task_id)
        task = _held_task(connection, task_id, actor)
        component = _picker(world, connection, task, field)
        kinds = [_check(world, field, upload, component) for upload in uploads]
        there = {row.sha256: row for row in attached_to_task(connection, task) if row.field == field}
        new = {_digest(upload.content) for upload in uploads} - there.keys()
        _check_number(field, len(there) + len(new), component)
        request_id = connection.execute(
            select(ProcessInstance.request_id).where(ProcessInstance.instance_id == task.instance_id)
        ).scalar_one()
        ids = []
        for upload, kind in zip(uploads, kinds, strict=True):
            same = there.get(_digest(upload.content))
            if same is None:
                same = _store(
                    world,
                    connection,
                    upload,
                    kind,
                    field=field,
                    case_id=task.case_id,
                    request_id=request_id,
                    instance_id=task.instance_id,
                    task_id=task_id,
                    step=task.step,
                    created_by_id=actor.person_id,
                )
                there[same.sha256] = same
            ids.append(same.document_id)
        return ids


def remove_from_task(world: World, task_id: int, document_id: int, *, actor: Somebody) -> str:
    """Take a file off an open task that the actor holds; return its name.

    Raises: NotFound, TaskNotClaimed, TaskNotYours, TaskAlreadyCompleted, TaskWithdrawn.
    """
    with world.db.write() as connection:
        hold_task(connection, task_id)
        task = _held_task(connection, task_id, actor)
        for row in attached_to_task(connection, task):
            if row.document_id == document_id:
                connection.execute(delete(Document).where(Document.document_id == document_id))
                unused = ~exists().where(Document.sha256 == row.sha256)
                connection.execute(delete(Blob).where(Blob.sha256 == row.sha256, unused))
                return row.file_name
        raise NotFound("There is no such file on this task.")


def attach_to_case(
    world: World, case_id: int, upload: Upload, *, title: str, request_id: int | None, actor: Somebody
) -> int:
    """Attach a file to a case, or to one of its service requests, with a note that says who did; return its id.

    The same file that the same person attaches there again under the same title is attached once.
    Raises: NotFound when the request is not of the case; ValuesRefused by `file` and `title`.
    """
    with world.db.write() as connection:
        hold_case(connection, case_id)
        if request_id is not None:
            found = select(ServiceRequest.request_id).where(ServiceRequest.request_id == request_id)
            if connection.execute(found.where(ServiceRequest.case_id == case_id)).first() is None:
                raise NotFound("There is no such service request on this case.")
        if len(title) > MAX_NAME:
            raise ValuesRefused({"title": f"The title must be {MAX_NAME} characters or fewer"})
        kind = _check(world, "file", upload, None)
        again = _attached_before(connection, case_id, upload, title=title, request_id=request_id, actor=actor)
        if again is not None:
            return again
        row = _store(
            world,
            connection,
            upload,
            kind,
            title=title,
            case_id=case_id,
            request_id=request_id,
            created_by_id=actor.person_id,
        )
        said = f"“{title}” ({row.file_name})" if title else f"“{row.file_name}”"
        text = f"Attached {said}."
        add_note(connection, world, case_id=case_id, request_id=request_id, text=text, author_id=actor.person_id)
        return row.document_id


def _attached_before(
    connection: Connection, case_id: int, upload: Upload, *, title: str, request_id: int | None, actor: Somebody
) -> int | None:
    """Return the very same file, when this person has attached it there: a double click, a page sent again."""
    return connection.execute(
        select(Document.document_id).where(
            Document.case_id == case_id,
            Document.request_id.is_not_distinct_from(request_id),
            Document.task_id.is_(None),
            Document.kind == EVIDENCE,
            Document.sha256 == _digest(upload.content),
            Document.title == (title or clean_name(upload.file_name)),
            Document.created_by_id == actor.person_id,
        )
    ).scalar()


def clean_name(sent: str) -> str:
    """Return a file's name without folders and without what could deceive a reader or a disk."""
    name = " ".join(unicodedata.normalize("NFC", re.split(r"[/\\]", sent)[-1]).split())
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C")
    name = re.sub(r'[<>:"|?*]', "_", name).strip(". ")
    if _DEVICE.fullmatch(name.partition(".")[0]):
        name = f"_{name}"
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return name[:MAX_NAME] or "document"
    return f"{stem[: MAX_NAME - 10] or 'document'}.{extension[:9].lower()}"


def _held_task(connection: Connection, task_id: int, actor: Somebody) -> Any:
    task = get_open_task(connection, task_id)
    if task.assignee_id is None:
        raise TaskNotClaimed
    if task.assignee_id != actor.person_id:
        raise TaskNotYours
    if task.case_id is None:
        raise NotFound("This task has no case that a file could be attached to.")
    return task


def _picker(world: World, connection: Connection, task: Any, field: str) -> Component | None:
    """Return the question that a file answers; None beside the form. Raises: NotFound."""
    if field == ASIDE:
        return None
    form = definitions.load(world, connection, task.definition_id).forms.get(task.form_id)
    for component in form.inputs if form is not None else ():
        if component.type == "filepicker" and component.key == field:
            return component
    raise NotFound("This task asks for no such file.")


def _check(world: World, field: str, upload: Upload, component: Component | None) -> FileKind:
    most = world.settings.upload_megabytes
    name = clean_name(upload.file_name)
    try:
        if len(upload.content) > most * _MEGABYTE:
            raise FileRefused(f"“{name}” is larger than {most} MB. Attach a smaller copy, or split it")
        return kind_of(name, upload.content, accepted=component.accepted if component else ())
    except FileRefused as refused:
        raise ValuesRefused({field: str(refused)}) from refused


def _check_number(field: str, count: int, component: Component | None) -> None:
    most = MAX_FILES if component is None or component.is_multiple else 1
    if count > most:
        said = "Only one file can be attached here. Remove the one that is there first" if most == 1 else ""
        raise ValuesRefused({field: said or f"Attach {most} files or fewer"})


def _store(
    world: World,
    connection: Connection,
    upload: Upload,
    kind: FileKind,
    *,
    field: str = "",
    title: str = "",
    **columns: object,
) -> Attached:
    sha256, name = _digest(upload.content), clean_name(upload.file_name)
    connection.execute(
        upsert(connection, Blob)
        .values(sha256=sha256, content=upload.content)
        .on_conflict_do_nothing(index_elements=["sha256"])
    )
    document_id = connection.execute(
        insert(Document)
        .values(
            kind=EVIDENCE,
            title=title or name,
            file_name=name,
            media_type=kind.media_type,
            sha256=sha256,
            facts=dumps({"field": field} if field else {}),
            created_at=world.clock.now(),
            **columns,
        )
        .returning(Document.document_id)
    ).scalar_one()
    return Attached(document_id, field, name, sha256)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
