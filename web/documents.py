"""Documents: letters, leaflets, forms and evidence, downloaded as they were stored; files attached to a case."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from engine import documents
from engine.attachments import EVIDENCE
from engine.errors import NotFound, ValuesRefused
from engine.file_kinds import BY_EXTENSION, say_kinds
from engine.models import Blob, Document
from engine.queries import cases as case_rows
from engine.queries.cases import RequestRow
from web.addresses import row_number
from web.attaching import uploads_sent
from web.case_summary import summary_of
from web.current import person, world
from web.sent_files import why_dropped

pages = Blueprint("documents", __name__)


@pages.record_once
def _lend_to_templates(state: BlueprintSetupState) -> None:
    """Let the form that attaches a file, wherever it is shown, say what may be attached and to what."""
    state.app.jinja_env.globals["evidence"] = {"hint": _hint, "extensions": _extensions, "places": _places}


@pages.get("/documents/<int:document_id>")
def download(document_id: int) -> Response:
    """Send a document. What somebody uploaded is only ever saved: no browser is to show or run it."""
    with world().db.read() as connection:
        row = connection.execute(
            select(Document.kind, Document.template_id, Document.file_name, Document.media_type, Blob.content)
            .join(Blob, Blob.sha256 == Document.sha256)
            .where(Document.document_id == document_id)
        ).one()
    if row.kind == EVIDENCE:
        response = send_file(BytesIO(row.content), row.media_type, as_attachment=True, download_name=row.file_name)
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response
    response = make_response(row.content)
    response.headers["Content-Type"] = row.media_type
    name = f"{row.template_id or 'document'}-{document_id}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


@pages.get("/cases/<int:case_id>/documents")
def attach_form(case_id: int) -> str:
    """Ask for a file to attach to a case."""
    return _page(case_id, "", None, {})


@pages.post("/cases/<int:case_id>/documents")
def attach(case_id: int) -> ResponseReturnValue:
    """Attach a file to a case, or to one of its service requests."""
    title = " ".join(request.form.get("title", "").replace("\0", "").split())
    chosen = request.form.get("request", "")
    request_id = row_number(chosen)
    if chosen and request_id is None:
        raise NotFound("There is no such service request on this case.")
    if dropped := why_dropped():
        return _page(case_id, title, chosen, {"file": dropped}), 422
    uploads = uploads_sent().get("file", [])
    if len(uploads) != 1:
        return _page(case_id, title, chosen, {"file": "Choose one file to attach"}), 422
    try:
        documents.attach_to_case(world(), case_id, uploads[0], title=title, request_id=request_id, actor=person())
    except ValuesRefused as refused:
        return _page(case_id, title, chosen, refused.problems), 422
    flash(f"“{title or documents.clean_name(uploads[0].file_name)}” is attached to the case.")
    return redirect(url_for("cases.page", case_id=case_id))


def _hint() -> str:
    return f"{say_kinds()}, up to {world().settings.upload_megabytes} MB."


def _extensions() -> str:
    return ",".join(f".{extension}" for extension in BY_EXTENSION)


def _places(requests: list[RequestRow], chosen: str | None) -> list[dict[str, object]]:
    """Return what a file may be attached to, as a select's items; with no choice yet, the first open request."""
    if chosen is None:
        chosen = next((str(row.request_id) for row in requests if row.closed_at is None), "")
    places = [("", "The whole case"), *((str(row.request_id), f"{row.number}, {row.kind}") for row in requests)]
    return [{"value": value, "text": text, "selected": value == chosen} for value, text in places]


def _page(case_id: int, title: str, chosen: str | None, problems: dict[str, str]) -> str:
    with world().db.read() as connection:
        summary = summary_of(connection, case_id)
        requests = case_rows.requests_of(connection, case_id)
    return render_template(
        "documents/attach_page.html",
        summary=summary,
        requests=requests,
        title=title,
        chosen=chosen,
        problems=problems,
    )
