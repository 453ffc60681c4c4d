"""A visitor on a real connection: what `tests.page.Browser` needs of a client, over HTTP to an address."""

from __future__ import annotations

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from tests.page import Browser

_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that an answer came to."""

    full_path: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, with the names that Flask's own test client gives it."""

    status_code: int
    request: Asked
    data: bytes
    headers: Mapping[str, str]

    @property
    def mimetype(self) -> str:
        """What kind of file came."""
        return self.headers.get("Content-Type", "").partition(";")[0]


class Wire:
    """One connection with its cookies. Follows redirects, as a browser does."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        self._cookies: SimpleCookie = SimpleCookie()

    def get(
        self, path: str, *, query_string: Mapping[str, Sequence[str]] | None = None, follow_redirects: bool = True
    ) -> Answered:
        """Fetch an address."""
        asked = f"{path}?{urlencode(query_string, doseq=True)}" if query_string else path
        return self._send("GET", asked, None, follow=follow_redirects)

    def post(self, path: str, *, data: Mapping[str, Sequence[str]], follow_redirects: bool = True) -> Answered:
        """Send a form."""
        return self._send("POST", path, urlencode(data, doseq=True), follow=follow_redirects)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _send(self, method: str, path: str, body: str | None, *, follow: bool) -> Answered:
        headers = {"Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        data = response.read()
        for cookie in response.headers.get_all("Set-Cookie") or ():
            self._cookies.load(cookie)
        if follow and response.status in _REDIRECTS:
            onward = urlsplit(urljoin(path, response.headers["Location"]))
            return self._send("GET", onward._replace(scheme="", netloc="", fragment="").geturl(), None, follow=True)
        return Answered(response.status, Asked(path), data, dict(response.headers))


class Visitor(Browser):
    """A `Browser` on a real connection."""

    def __init__(self, address: str) -> None:
        self.client = Wire(address)  # type: ignore[assignment]
        self.status, self.path, self.body, self.headers = 0, "", b"", {}

    def _let_go(self, response: object) -> None:
        """Keep nothing: what was sent lies with the server."""
