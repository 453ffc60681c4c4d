"""What every answer must carry: written down apart from the program, so that a slip there is seen."""

from __future__ import annotations

import re
from collections.abc import Mapping

CONTENT_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
DOWNLOAD_POLICY = "default-src 'none'; sandbox"
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# The diagram viewer sets style attributes on what it draws; pages with it, and none else, let it.
_DRAWN = re.compile(r"/operations/instances/\d+|/procedures/\d+|/cases/\d+/diagrams/")


def faults_of(headers: Mapping[str, str], path: str, *, https: bool = False) -> list[str]:
    """Return what is missing or wrong in the headers of an answer."""
    faults = [f"{name} is {headers.get(name)!r}" for name, value in FIXED.items() if headers.get(name) != value]
    faults += _policy_faults(headers.get("Content-Security-Policy", ""), path)
    if not path.startswith("/static/") and headers.get("Cache-Control") != "no-store":
        faults.append(f"Cache-Control is {headers.get('Cache-Control')!r}")
    if "Server" in headers and re.search(r"[\d/]", headers["Server"]):
        faults.append(f"Server tells {headers['Server']!r}")
    if bool(headers.get("Strict-Transport-Security")) is not https:
        faults.append(f"Strict-Transport-Security is {headers.get('Strict-Transport-Security')!r}")
    faults += [f"a cookie is set as {text!r}" for text in _cookies(headers) if not _is_safe(text, https=https)]
    return faults


def _policy_faults(text: str, path: str) -> list[str]:
    if text == DOWNLOAD_POLICY:
        return []
    found = {name: rest.strip() for name, _, rest in (part.strip().partition(" ") for part in text.split(";"))}
    styles = found.pop("style-src-attr", None)
    faults = [] if found == CONTENT_POLICY else [f"Content-Security-Policy is {text!r}"]
    if styles is not None and (styles != "'unsafe-inline'" or not _DRAWN.match(path)):
        faults.append(f"style-src-attr is {styles!r}")
    return faults


def _cookies(headers: Mapping[str, str]) -> list[str]:
    every = getattr(headers, "getlist", None)
    return list(every("Set-Cookie")) if every else [headers["Set-Cookie"]] if "Set-Cookie" in headers else []


def _is_safe(cookie: str, *, https: bool) -> bool:
    words = {word.strip().lower() for word in cookie.split(";")[1:]}
    return "httponly" in words and "samesite=lax" in words and ("secure" in words) is https
