"""Tasks: the one page on which a task is done, claimed, given back and given on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from engine import documents, tasks
from engine.announcements import announced_to
from engine.drafts import draft_of, save_draft
from engine.errors import (
    Conflict,
    DraftIsNewer,
    ProofNeeded,
    RedressError,
    TaskAlreadyClaimed,
    TaskAlreadyCompleted,
    TaskNotClaimed,
    TaskNotYours,
    TaskWithdrawn,
    ValuesRefused,
)
from engine.queries import told
from web import asking, attaching, attempts, drafting, meanwhile, task_page
from web.addresses import row_number
from web.away import away_today, away_words
from web.current import person, world
from web.current import task as current_task
from web.errors import page_for
from web.task_letters import asked_version
from web.task_view import Shown, changed_since, newer_draft, over, passed_on, render, with_newer_draft
from web.words import NOT_DONE, day_of

pages = Blueprint("tasks", __name__, url_prefix="/tasks")
_CHANGED = (
    "The case changed while you had this task open, in answers that you give here too. What you typed is kept. "
    "Look at what differs, then complete the task again."
)


@pages.get("/<int:task_id>")
def page(task_id: int) -> ResponseReturnValue:
    """Show a task; one that is over says by whom and when it was completed."""
    task = current_task()
    with world().db.read() as connection:
        if task.status != "open":
            return over(connection, task, _kept_draft(task)), 200
        current = task_page.open_page(connection, task)
        if current.checks or "preview" in request.args or (current.writes and current.draft):
            task_page.show_preview(connection, current, asked_version())
        draft = current.draft
        changes = changed_since(connection, current, dict(draft.seen)) if draft else Shown().changes
        return render(connection, current, Shown(changes=changes))


@pages.post("/<int:task_id>")
def submit(task_id: int) -> ResponseReturnValue:
    """Do what the pressed button says: complete, save, preview, claim, add or remove a row, take another's answer."""
    typed, action, version, brought = asking.sent(), asking.pressed(), _version(), drafting.carried()
    task = current_task()
    problems: dict[str, str] = {}
    try:
        if action == "claim":
            return _claim(task_id, typed, brought)
        if action == "call" and task.case_id is not None:
            attempts.record_sent(task.case_id, request_id=task.instance.request_id)
        if task.status == "open" and action != "questions":
            problems = attaching.take_files(task_id, action)
        with world().db.read() as connection:
            if any(request.files.values()):
                task = tasks.get_task(connection, task_id)
            if task.status != "open":
                return over(connection, task, typed), 409
            current = task_page.open_page(connection, task, typed)
    except (TaskAlreadyCompleted, TaskWithdrawn):
        with world().db.read() as connection:
            return over(connection, tasks.get_task(connection, task_id), typed), 409
    except (TaskNotYours, TaskNotClaimed, TaskAlreadyClaimed) as refused:
        return _refused(task, typed, brought, refused, version)
    if action == "questions":
        return asking.questions_that_count(current.asking)
    if action.startswith("take:"):
        return _taken(current, brought, action)
    current.asking.typed, current.asking.pressed = asking.with_row_change(typed, action) or typed, action
    if action == "complete":
        return _complete(current, typed, problems, version, brought)
    if problems or not action.startswith(("save", "preview", "call")):
        current.asking.problems = problems
        with world().db.read() as connection:
            return render(connection, current, Shown(carried=brought)), 422 if problems else 200
    return _save(current, typed, action, brought)


@pages.post("/<int:task_id>/draft")
def draft(task_id: int) -> ResponseReturnValue:
    """Save what is being typed, for the page's script: what it is to say, and the number of this saving."""
    brought = drafting.carried()
    try:
        saved = save_draft(world(), task_id, asking.sent(), actor=person(), base=brought.base, seen=brought.seen)
    except RedressError as refused:
        return jsonify(said=str(refused), newer=isinstance(refused, DraftIsNewer)), page_for(refused)[0]
    today = day_of(world().clock.now())
    return jsonify(said=drafting.said(saved, person().person_id, None, today=today), number=saved.number)


@pages.post("/<int:task_id>/claim")
def claim(task_id: int) -> ResponseReturnValue:
    """Claim a task and open it."""
    try:
        tasks.claim(world(), task_id, actor=person())
    except TaskAlreadyClaimed as refused:
        flash(str(refused), NOT_DONE)
        return redirect(url_for("worklists.queue"))
    return redirect(url_for("tasks.page", task_id=task_id))


@pages.post("/<int:task_id>/release")
def release(task_id: int) -> ResponseReturnValue:
    """Give a task back to its group."""
    tasks.release(world(), task_id, actor=person())
    flash("The task is back in the team\u2019s queue.")
    return redirect(url_for("worklists.queue"))


@pages.post("/<int:task_id>/assign")
def assign(task_id: int) -> ResponseReturnValue:
    """Give a task to a member of its group."""
    chosen = row_number(request.form.get("to", ""))
    if chosen is None:
        flash("Choose who is to do the task.", NOT_DONE)
        return redirect(url_for("tasks.page", task_id=task_id))
    reason = request.form.get("reason", "").replace("\0", "").strip()[:500]
    try:
        tasks.assign(world(), task_id, to=chosen, actor=person(), reason=reason)
    except ValuesRefused as refused:
        flash(" ".join(f"{problem}." for problem in refused.problems.values()), NOT_DONE)
        return redirect(url_for("tasks.page", task_id=task_id, _anchor="to"))
    with world().db.read() as connection:
        name = told.names_of_people(connection).get(chosen, "")
        away = away_words(away_today(connection).get(chosen))
    flash(f"{name} now holds the task." + (f" But {name} is {away}." if away else ""))
    return redirect(url_for("worklists.queue"))


def _save(
    current: task_page.TaskPage, typed: asking.Typed, action: str, brought: drafting.Carried
) -> ResponseReturnValue:
    task_id, seen = current.task.task_id, brought.seen or current.fingerprints
    try:
        save_draft(world(), task_id, typed, actor=person(), base=brought.base, seen=seen)
    except DraftIsNewer:
        with world().db.read() as connection:
            current.draft = draft_of(tasks.get_task(connection, task_id))
            return with_newer_draft(connection, current, brought), 409
    except RedressError as refused:
        return _refused(current.task, typed, brought, refused)
    if action.startswith("preview"):
        size, brand = request.form.get("size"), request.form.get("brand")
        return redirect(url_for("tasks.page", task_id=task_id, preview="yes", size=size, brand=brand, _anchor="letter"))
    if action == "call":
        return redirect(url_for("tasks.page", task_id=task_id, _anchor="call"))
    if action == "prove":
        return redirect(url_for("session.prove", next=url_for("tasks.page", task_id=task_id)))
    flash("Your draft is saved. Nothing has been sent, and the case has not moved.")
    return redirect(url_for("tasks.page", task_id=task_id))


def _taken(current: task_page.TaskPage, brought: drafting.Carried, action: str) -> ResponseReturnValue:
    """Show the page with somebody else's answer to one question, and what else differs."""
    _, whose, name = action.split(":", 2)
    ask, theirs = current.asking, current.known
    if whose == "draft":
        theirs = current.draft.typed if current.draft is not None else {}
    ask.typed = meanwhile.with_theirs(ask.typed, theirs, name)
    shown_before = set(request.form.getlist("differs"))
    left = meanwhile.differences(ask.components, ask.surroundings, yours=ask.typed, theirs=theirs)
    still = [one for one in left if one.name in shown_before]
    if whose == "draft":
        shown = Shown(newer=still, carried=brought, knows_draft=True)
    else:
        shown = Shown(changes=meanwhile.Changes(still, []), carried=brought, knows_case=True)
    with world().db.read() as connection:
        return render(connection, current, shown)


def _claim(task_id: int, typed: asking.Typed, brought: drafting.Carried) -> ResponseReturnValue:
    """Claim the task with what was typed before it was one's own."""
    tasks.claim(world(), task_id, actor=person())
    save_draft(world(), task_id, typed, actor=person(), seen=brought.seen)
    flash("The task is yours now, and what you typed is saved as a draft.")
    return redirect(url_for("tasks.page", task_id=task_id))


def _complete(
    current: task_page.TaskPage,
    typed: asking.Typed,
    problems: dict[str, str],
    version: int | None,
    brought: drafting.Carried,
) -> ResponseReturnValue:
    sheet = current.asking.sheet
    if sheet.problems or problems:
        return _wrong(current, problems, brought)
    with world().db.read() as connection:
        if newer_draft(current, brought.base):
            return with_newer_draft(connection, current, brought), 409
        changes = changed_since(connection, current, brought.seen)
        if changes.answers:
            return render(
                connection, current, Shown(refusal=_CHANGED, changes=changes, carried=brought, knows_case=True)
            ), 409
        faults = task_page.letter_faults(connection, current)
        if faults:
            return render(connection, current, Shown(refusal=" ".join(faults), carried=brought)), 422
    values = asking.nested_slots(sheet.values)
    values.pop(documents.ASIDE, None)  # attached already, and no answer of the form
    try:
        outcome = tasks.complete(
            world(),
            current.task.task_id,
            values,
            actor=person(),
            version=version,
        )
    except ValuesRefused as refused:
        return _wrong(current, asking.by_input_name(refused.problems), brought)
    except (TaskAlreadyCompleted, TaskWithdrawn):
        with world().db.read() as connection:
            return over(connection, tasks.get_task(connection, current.task.task_id), typed), 409
    except ProofNeeded:
        return _save(current, typed, "prove", brought)
    except (Conflict, TaskNotYours, TaskNotClaimed) as refused:
        return _refused(current.task, typed, brought, refused, version)
    flash(f"You completed “{current.task.name}”.")
    for said in announced_to(person().person_id, outcome):
        flash(said)
    if current.task.case_id is not None:
        return redirect(url_for("cases.page", case_id=current.task.case_id))
    return redirect(url_for("worklists.mine"))


def _version() -> int | None:
    """Return which version of the task the form was drawn from. Raises: BadRequest for what is no version."""
    said = request.form.get("version")
    number = None if said is None else row_number(said)
    if said is not None and number is None:
        abort(400)
    return number


def _wrong(current: task_page.TaskPage, problems: dict[str, str], brought: drafting.Carried) -> ResponseReturnValue:
    current.asking.shows_problems = True
    current.asking.problems = problems
    with world().db.read() as connection:
        return render(connection, current, Shown(carried=brought)), 422


def _refused(
    stale: Any, typed: asking.Typed, brought: drafting.Carried, error: RedressError, version: int | None = None
) -> ResponseReturnValue:
    """Show the page again with why nothing was done, what changed, and everything that was typed."""
    with world().db.read() as connection:
        task = tasks.get_task(connection, stale.task_id)
        fresh = task_page.open_page(connection, task, typed)
        shown = Shown(
            refusal=str(error),
            changes=changed_since(connection, fresh, brought.seen),
            hands=passed_on(connection, task, version),
            carried=brought,
            knows_case=True,
        )
        return render(connection, fresh, shown), page_for(error)[0]


def _kept_draft(task: Any) -> asking.Typed:
    """Return what this person had typed into a task that was taken from under them."""
    left = draft_of(task)
    return left.typed if left is not None and left.by_id == person().person_id else {}
