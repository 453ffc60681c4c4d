"""The gateway: hands files to a provider over HTTP, and emails to a mail server over SMTP.

A file is PUT under its name with ``If-None-Match: *`` and the name as ``Idempotency-Key``. The provider answers 200,
201 or 204 when it took the file, and 412 when it has one of that name: a file whose answer was lost is sent again and
taken once. A mail server cannot refuse a copy: an email leaves at least once, always with the same Message-ID.
"""

from __future__ import annotations

import http.client
import smtplib
from email.message import EmailMessage
from urllib.parse import quote, urlsplit

_TOOK, _HAS = (200, 201, 204), 412


class GatewayRefused(Exception):
    """The provider did not take it, or did not say so. It is safe to try again."""


def put(url: str, folder: str, name: str, content: bytes, *, seconds: float) -> None:
    """Hand a file to the provider, which keeps the first of a name. Raises: GatewayRefused, OSError."""
    headers = {"If-None-Match": "*", "Idempotency-Key": name, "Content-Type": "application/octet-stream"}
    status, _ = _ask("PUT", url, folder, name, seconds=seconds, content=content, headers=headers)
    if status not in (*_TOOK, _HAS):
        raise GatewayRefused(f"The provider answered {status} for {name}.")


def held(url: str, folder: str, name: str, *, seconds: float) -> bytes | None:
    """Return the file of a name that the provider has, None when it has none. Raises: GatewayRefused, OSError."""
    status, content = _ask("GET", url, folder, name, seconds=seconds)
    if status == http.client.NOT_FOUND:
        return None
    if status != http.client.OK:
        raise GatewayRefused(f"The provider answered {status} when asked for {name}.")
    return content


def mail(server: str, sender: str, message: EmailMessage, *, seconds: float) -> None:
    """Hand an email to a mail server. Raises: OSError, of which every error of SMTP is one."""
    host, _, port = server.rpartition(":")
    with smtplib.SMTP(host, int(port), timeout=seconds) as connection:
        connection.send_message(message, from_addr=sender)


def _ask(
    method: str,
    url: str,
    folder: str,
    name: str,
    *,
    seconds: float,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=seconds)
    try:
        connection.request(method, f"{parts.path.rstrip('/')}/{folder}/{quote(name)}", content, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as fault:
        raise GatewayRefused(f"The provider did not answer in HTTP: {type(fault).__name__}.") from fault
    finally:
        connection.close()
