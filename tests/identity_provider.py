"""A department's sign-in for tests: an OpenID Connect provider that answers on a local port, over real HTTP.

It keeps to the rules itself (one-time codes, PKCE with S256, the client's secret, RS256) unless a test tells it to
break one: `breaks` names what its next ID token has wrong.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "redress", "a secret of the tests"


class Provider:
    """The provider, its keys and who is signed in there. Use it as a context manager."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, parameters={"kid": "one"})
        self.other_key = RSAKey.generate_key(2048, parameters={"kid": "one"})
        self.claims = {"sub": "s-1", "email": "cara@redress.example", "email_verified": True}
        self.breaks = ""
        self.password_given_at = 0.0  # until somebody asks for it again
        self.asked: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Provider:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def metadata(self) -> dict[str, object]:
        """Return what discovery says."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/sign-out",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Sign the person in as asked, and return the address to send them back to."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["state"]
        assert asked["nonce"]
        assert "openid" in asked["scope"].split()
        self.asked.append(asked)
        if asked.get("prompt") == "login" and self.breaks != "no password asked":
            self.password_given_at = time.time()
        if self.breaks == "denied":
            return f"{asked['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: dict[str, str], authorization: str) -> dict[str, object] | None:
        """Exchange a code; None when the client did not keep to the rules."""
        asked = self.codes.pop(sent.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        known = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        plain = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            asked is None
            or authorization not in (f"Basic {known}", f"Basic {plain}")
            or sent["redirect_uri"] != asked["redirect_uri"]
            or proof.decode().rstrip("=") != asked["code_challenge"]
        ):
            return None
        told: dict[str, object] = {"access_token": secrets.token_hex(8), "token_type": "Bearer", "expires_in": 60}
        if self.breaks != "no token":
            told["id_token"] = self._id_token(asked["nonce"])
        return told

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims: dict[str, object] = {
            **self.claims,
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "auth_time": int(self.password_given_at),
        }
        changes: dict[str, dict[str, object]] = {
            "nonce": {"nonce": "another"},
            "no nonce": {"nonce": None},
            "issuer": {"iss": "https://elsewhere.example"},
            "audience": {"aud": "another-client"},
            "expired": {"iat": now - 7200, "exp": now - 3600},
            "no auth_time": {"auth_time": None},
            "a clock behind": {"iat": now - 345, "exp": now - 45},
            "a clock ahead": {"iat": now + 45, "nbf": now + 45, "exp": now + 345},
            "a clock far ahead": {"iat": now + 300, "nbf": now + 300, "exp": now + 600},
        }
        claims.update(changes.get(self.breaks, {}))
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.breaks == "unsigned":
            parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({"alg": "none"}, claims)]
            return b".".join(part.rstrip(b"=") for part in parts).decode() + "."
        key = self.other_key if self.breaks == "signature" else self.key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(_first(address.query)))
                self.end_headers()
            elif address.path == "/.well-known/openid-configuration":
                self._say(503 if provider.breaks == "away" else 200, provider.metadata())
            else:
                self._say(200, {"keys": [provider.key.as_dict(private=False)]})

        def do_POST(self) -> None:
            sent = _first(self.rfile.read(int(self.headers["Content-Length"])).decode())
            told = provider.token(sent, self.headers.get("Authorization", ""))
            self._say(400 if told is None else 200, {"error": "invalid_grant"} if told is None else told)

        def _say(self, status: int, told: object) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """Say nothing."""

    return Handler


def _first(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}
