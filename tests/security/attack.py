"""Sends requests byte for byte, and says what is wrong with an answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.security.headers import faults_of
from tests.security.place import Place, listening
from tests.security.requests import Sent, to_a_form, to_a_route


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Headers
    body: bytes


def attacks(place: Place) -> st.SearchStrategy[list[Sent]]:
    """Return a few requests, one after the other."""
    return st.lists(st.one_of(to_a_route(place), to_a_form(place), to_a_form(place)), min_size=1, max_size=3)


def check(place: Place, sent: Sequence[Sent]) -> list[int]:
    """Send requests and return how they were answered; none may break anything.

    Raises: AssertionError with the request and what was logged.
    """
    place.begin_again()
    statuses = []
    for request in sent:
        with listening() as heard:
            answer = send(place, request)
        broken = [record for record in heard.records if record.levelno >= logging.ERROR or record.exc_info]
        assert not broken, f"{request}\n{heard.text()}"
        assert answer.status < 500 or answer.status == 501, f"{request}\n{answer.status}"
        wrong = faults_of(answer.headers, request.path.decode("latin-1"))
        assert not wrong, f"{request}\n{wrong}"
        statuses.append(answer.status)
    return statuses


def send(place: Place, request: Sent) -> Answer:
    """Send one request as it stands, with the session of its role."""
    builder = EnvironBuilder(method=request.method, path="/", base_url="http://localhost:8000")
    environ = builder.get_environ()
    builder.close()
    environ["PATH_INFO"] = unquote_to_bytes(request.path).decode("latin-1")
    environ["REQUEST_URI"] = environ["RAW_URI"] = request.path.decode("latin-1")
    environ["QUERY_STRING"] = request.query.decode("latin-1")
    environ["CONTENT_TYPE"] = request.kind
    if request.method not in ("GET", "HEAD") or request.body:
        environ["CONTENT_LENGTH"] = str(len(request.body))
        environ["wsgi.input"].write(request.body)
        environ["wsgi.input"].seek(0)
    if request.role is not None:
        cookie = place.browsers[request.role].client.get_cookie("redress")
        assert cookie is not None
        environ["HTTP_COOKIE"] = f"redress={cookie.value}"
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_LENGTH" else f"HTTP_{key}"] = value
    # Not by the test client, which would put the request in order first.
    body, status, headers = run_wsgi_app(place.app, environ, buffered=True)
    return Answer(int(status[:3]), headers, b"".join(body))
