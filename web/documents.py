"""Documents: letters, leaflets, forms and evidence, downloaded as they were stored."""

from __future__ import annotations

from flask import Blueprint, Response, make_response
from sqlalchemy import select

from engine.models import Blob, Document
from web.current import world

pages = Blueprint("documents", __name__)


@pages.get("/documents/<int:document_id>")
def download(document_id: int) -> Response:
    """Send a document."""
    with world().db.read() as connection:
        row = connection.execute(
            select(Document.template_id, Document.media_type, Blob.content)
            .join(Blob, Blob.sha256 == Document.sha256)
            .where(Document.document_id == document_id)
        ).one()
    response = make_response(row.content)
    response.headers["Content-Type"] = row.media_type
    name = f"{row.template_id or 'document'}-{document_id}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
