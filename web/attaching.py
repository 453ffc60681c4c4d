"""Files that a task's page sends: stored at once whichever button was pressed, so that no error loses one."""

from __future__ import annotations

import re

from flask import flash, request

from engine import documents
from engine.documents import Upload
from engine.errors import ValuesRefused
from engine.forms import read_form
from web.current import person, world
from web.sent_files import why_dropped

ASIDE = read_form(
    b"""{"id": "aside", "components": [{"type": "filepicker", "key": "attachment", "id": "attachment",
    "label": "Document to attach", "multiple": true,
    "description": "It is kept with this step of the procedure."}]}""",
    file="aside.form",
).components[0]


def take_files(task_id: int, action: str) -> dict[str, str]:
    """Store the files that were sent, or take one off; return what is wrong with any, by the name of its question.

    Raises: what `engine.documents` raises when the task is not this person's to work on.
    """
    problems: dict[str, str] = {}
    removed = re.fullmatch(r"detach:(\d+)", action)
    if removed is not None:
        flash(f"“{documents.remove_from_task(world(), task_id, int(removed[1]), actor=person())}” is removed.")
    if dropped := why_dropped():
        return dict.fromkeys((name for name, file in request.files.items() if file.filename), dropped)
    for name, uploads in uploads_sent().items():
        try:
            documents.attach_to_task(world(), task_id, name, uploads, actor=person())
        except ValuesRefused as refused:
            problems |= refused.problems
        else:
            if action.startswith("upload:"):
                flash(f"{_said(uploads)} attached.")
    if action.startswith("upload:") and not problems and not any(request.files.values()):
        problems[action.removeprefix("upload:")] = "Choose a file, then press Upload"
    return problems


def uploads_sent() -> dict[str, list[Upload]]:
    """Return the files that a browser sent, by the input's name; of a large one only enough to tell that it is."""
    most = world().settings.upload_megabytes * 1_000_000 + 1
    found = {}
    for name, files in request.files.lists():
        uploads = [Upload(file.filename, file.read(most)) for file in files if file.filename]
        for file in files:
            file.close()
        if uploads:
            found[name] = uploads
    return found


def _said(uploads: list[Upload]) -> str:
    if len(uploads) == 1:
        return f"“{documents.clean_name(uploads[0].file_name)}” is"
    return f"{len(uploads)} files are"
