"""Requests that nobody should send: made of the routes and the forms that there are, and of odd texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from tests.security.place import Place, Seen

ODD = (
    b"",
    b" ",
    b"\0",
    b"a\0b",
    b"\r",
    b"a\rb\nc",
    b"\x1b[31m",
    b"\x7f",
    b"\xed\xa0\x80",  # half of a surrogate pair
    b"\xff\xfe",
    "\u202egnp.exe".encode(),
    "\ufeff\u200b\u00ad".encode(),
    "\U0010ffff\U0001f4a9".encode(),
    "e\u0301".encode() * 40,
    "\u0663\u0661".encode(),  # digits that are not ours
    "\u00b2\u2460".encode(),  # isdigit, and no number
    b"-1",
    b"0",
    b"00000000000000000001",
    b"9" * 18,
    b"9223372036854775807",
    b"9223372036854775808",
    b"9" * 40,
    b"1e999",
    b"1_000",
    b"nan",
    b"Infinity",
    b"-0.0",
    b"0x10",
    b"true",
    b"null",
    b"31",
    b"99999",
    b"x" * 3_000,
    b"9" * 5_000,
    b"=now()",
    b"{{7*7}}",
    b"${7*7}",
    b"%s%n%(x)s",
    b"'; DROP TABLE person; --",
    b"<script>alert(1)</script>",
    b"../../etc/passwd",
    b"https://elsewhere.example/",
    b'{"@date": "2026-11-22"}',
    b"[]",
    b"remove:x:0",
    b"add:plan_actions",
    b"detach:1",
    b"upload:attachment",
    b"questions",
    b"preview",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND")
KINDS = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; boundary=b\u00e9",
    "application/json",
    "text/xml",
    "text/plain; charset=utf-7",
    "",
)
HEADERS = (
    ("Host", "elsewhere.example"),
    ("Host", "localhost:99999999"),
    ("Host", "a\tb"),
    ("Host", ""),
    ("Referer", "https://elsewhere.example/\x80"),
    ("Range", "bytes=0-"),
    ("Range", "bytes=99999999999999999999-1"),
    ("If-Modified-Since", "never"),
    ("If-None-Match", '"' + "x" * 500),
    ("Accept-Language", "\xff;q=x"),
    ("Accept", "application/json;q=nan"),
    ("X-Forwarded-For", "' OR 1=1"),
    ("X-Forwarded-Proto", "javascript"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Authorization", "Basic !!!"),
    ("Cookie", "redress=eyJhIjoi.x.y; redress=\x80"),
    ("Content-Length", "-5"),
    ("Content-Length", "9" * 30),
    ("Content-Encoding", "gzip"),
    ("Origin", "null"),
)
FILE_NAMES = (
    b"a.pdf",
    b"a.exe",
    b"..",
    b"",
    b"\xff.pdf",
    b'"; x=".pdf',
    b"/etc/passwd",
    b"x" * 4_000 + b".pdf",
    b"CON.txt",
)


@dataclass(frozen=True)
class Sent:
    """One request, byte for byte; `role` is who is signed in, or nobody."""

    role: str | None
    method: str
    path: bytes
    query: bytes = b""
    kind: str = ""
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = field(default=())


def odd() -> st.SearchStrategy[bytes]:
    """Return texts that break programs: known ones first."""
    return st.one_of(
        st.sampled_from(ODD), st.sampled_from(ODD), st.binary(max_size=40), st.text(max_size=40).map(_utf8)
    )


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")


@st.composite
def to_a_route(draw: st.DrawFn, place: Place) -> Sent:
    """Draw a request to any route, with anything for what its address names."""
    rules = sorted(place.app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    rule = draw(st.sampled_from(rules))
    path = b""
    for number, piece in enumerate(rule.rule.split("<")):
        name, closed, rest = piece.partition(">")
        if not number:
            path += piece.encode()
            continue
        assert closed
        known = place.known.get(name.rpartition(":")[2]) or ["1"]
        value = draw(st.one_of(st.sampled_from(known).map(str.encode), odd(), st.sampled_from(known).map(str.encode)))
        path += quote_from_bytes(value, safe=b"/" if name.startswith("path:") else b"").encode() + rest.encode()
    methods = [method for method in sorted(rule.methods or ()) if method in ("GET", "POST")] or ["GET"]
    method = draw(st.one_of(st.sampled_from(methods), st.sampled_from(methods), st.sampled_from(METHODS)))
    pairs = draw(st.lists(st.tuples(st.sampled_from(sorted(place.queries)), odd()), max_size=3))
    role = draw(st.sampled_from((None, *place.browsers)))
    body, kind = b"", ""
    if method not in ("GET", "HEAD"):
        names = st.one_of(st.sampled_from(("csrf_token", "do", "version", "text", "to", "back")), odd())
        fields = draw(st.lists(st.tuples(names.map(_as_bytes), odd()), max_size=4))
        body, kind = encoded(draw, [*_token(place, role), *fields], ())
    return Sent(role, method, path, pairs_of(pairs), kind, body, draw(_headers()))


@st.composite
def to_a_form(draw: st.DrawFn, place: Place) -> Sent:
    """Draw a form that somebody was shown, sent with some of its answers changed, doubled or left out."""
    form: Seen = draw(st.sampled_from(place.forms))
    fields = [(_as_bytes(name), _as_bytes(value)) for name, value in form.values]
    if form.buttons:
        name, value = draw(st.sampled_from(form.buttons))
        is_odd = draw(st.integers(0, 7)) == 0
        fields.append((name.encode(), draw(odd()) if is_odd else value.encode()))
    for _ in range(draw(st.integers(0, 3))):
        change = draw(st.sampled_from(("change", "change", "change", "double", "drop", "add")))
        if change == "add" or not fields:
            fields.append((draw(odd()), draw(odd())))
            continue
        at = draw(st.integers(0, len(fields) - 1))
        if fields[at][0] == b"csrf_token" and change != "change":
            continue
        if change == "change" and fields[at][0] != b"csrf_token":
            fields[at] = (fields[at][0], draw(odd()))
        elif change == "double":
            fields.append((fields[at][0], draw(odd())))
        elif change == "drop":
            del fields[at]
    # A form with everything as it stands moves the case on: the role that saw it, most often, or another.
    role = draw(st.one_of(st.just(form.role), st.just(form.role), st.sampled_from((None, *place.browsers))))
    path, _, query = form.path.partition("?")
    if not form.is_post:
        return Sent(role, "GET", path.encode(), pairs_of(fields))
    body, kind = encoded(draw, fields, form.files)
    return Sent(role, "POST", path.encode(), query.encode(), kind, body, draw(_headers()))


def encoded(draw: st.DrawFn, fields: list[tuple[bytes, bytes]], files: tuple[str, ...]) -> tuple[bytes, str]:
    """Return a body and what it says it is, which is seldom something else."""
    if files or draw(st.integers(0, 9)) == 0:
        parts = b"".join(
            b'--edge\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"
            for name, value in fields
        )
        for name in files or ("attachment",):
            said, content = (
                draw(st.sampled_from(FILE_NAMES)),
                draw(st.sampled_from((b"", b"%PDF-1.7\n", b"PK\x03\x04"))),
            )
            parts += (
                b'--edge\r\nContent-Disposition: form-data; name="' + name.encode() + b'"; filename="' + said + b'"\r\n'
                b"Content-Type: application/pdf\r\n\r\n" + content + b"\r\n"
            )
        body, kind = parts + b"--edge--\r\n", "multipart/form-data; boundary=edge"
        if draw(st.integers(0, 5)) == 0:
            body = body[: draw(st.integers(0, len(body)))]
    else:
        body, kind = pairs_of(fields), "application/x-www-form-urlencoded"
    if draw(st.integers(0, 7)) == 0:
        kind = draw(st.sampled_from(KINDS))
    return body, kind


def pairs_of(pairs: list[tuple[bytes, bytes]] | list[tuple[str, bytes]]) -> bytes:
    """Return pairs as they stand in an address or a form."""
    return "&".join(
        f"{quote_from_bytes(_as_bytes(name))}={quote_from_bytes(_as_bytes(value))}" for name, value in pairs
    ).encode()


def _headers() -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    return st.one_of(st.just(()), st.just(()), st.lists(st.sampled_from(HEADERS), max_size=2).map(tuple))


def _token(place: Place, role: str | None) -> list[tuple[bytes, bytes]]:
    found = next((form for form in place.forms if form.role == role and form.is_post), None)
    token = dict(found.values).get("csrf_token") if found is not None else None
    return [(b"csrf_token", token.encode())] if token else []


def _as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", errors="surrogatepass")
