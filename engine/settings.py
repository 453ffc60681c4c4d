"""The program's settings: read once from the environment, checked, then never changed.

Deadlines, groups, amounts and letters are not settings: they live in `processes/`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from engine.errors import SettingsInvalid
from engine.failpoints import POINTS, is_failpoint

VERSION = "0.1.0"
ROOT = Path(__file__).resolve().parent.parent
DEFAULT_HOST = "127.0.0.1"
_PREFIX = "REDRESS_"
_OIDC_NAME = "your department\u2019s account"
# Over https, but for one on this machine: whoever could answer in its place would sign in as anybody.
_ISSUER = r"https://[^/?#@\s]+[^?#\s]*|http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?[^?#\s]*"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set; the environment's names are in the README."""

    data_dir: Path
    server_url: str = ""  # of a PostgreSQL database; without one, SQLite is embedded
    host: str = DEFAULT_HOST
    port: int = 8000
    demo: bool = True
    processes_dir: Path = ROOT / "processes"
    delivery_attempts: int = 5
    step_budget: int = 2000
    upload_megabytes: int = 10  # the largest file that is taken as evidence
    https: bool = False  # people reach us over https: from a proxy, which alone reaches us
    proxies: int = 0  # how many proxies stand before us, each adding to X-Forwarded-For and X-Forwarded-Proto
    hosts: tuple[str, ...] = ()  # the names that people reach us by
    address: str = ""  # where people reach us; what we email links to it
    session_idle_minutes: int = 60
    session_hours: int = 12
    gateway_url: str = ""  # of the provider that takes letters and payments; without one they go into the spool
    gateway_seconds: int = 20  # how long it may take to answer, well within the time that a delivery is held
    mail_server: str = ""  # host:port of the server that takes emails; without one they go where letters go
    mail_from: str = "redress@redress.invalid"
    metrics_token: str = ""  # what Prometheus sends; without one, only operations may read the measurements
    logs_json: bool = False
    oidc_issuer: str = ""  # the department's own sign-in (OpenID Connect); without one, people have passwords here
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_trusts_email: bool = False  # its addresses count as confirmed where it says nothing of that
    oidc_name: str = _OIDC_NAME  # what people call it: "Sign in with ..."
    local_sign_in: bool = True  # passwords of our own are asked for

    @property
    def database_url(self) -> str:
        """Return the address of the database: the server's, or that of the embedded one."""
        return self.server_url or f"sqlite:///{self.data_dir / 'redress.db'}"

    @property
    def is_for_this_machine(self) -> bool:
        """Tell whether only this machine can reach us."""
        return self.host == "localhost" or ip_address(self.host).is_loopback

    @property
    def link_base(self) -> str:
        """Return what links in emails begin with; nothing where nobody has said it and it cannot be known."""
        is_known = self.demo and self.is_for_this_machine
        return self.address.rstrip("/") or (f"http://{self.host}:{self.port}" if is_known else "")

    @property
    def spool_dir(self) -> Path:
        """Return the folder that dispatched letters are written to."""
        return self.data_dir / "spool"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from environment variables.

    Raises: SettingsInvalid naming every variable that is unknown or malformed.
    """
    env = os.environ if environment is None else environment
    faults: list[str] = []
    known = {"DEMO", "PROCESSES_DIR", "DELIVERY_ATTEMPTS", "STEP_BUDGET", "UPLOAD_MEGABYTES", "FAILPOINT"}
    known |= {"HTTPS", "PROXIES", "HOSTS", "ADDRESS", "SESSION_IDLE_MINUTES", "SESSION_HOURS"}
    known |= {"METRICS_TOKEN", "LOGS_JSON"}
    known |= {"OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME", "OIDC_TRUSTS_EMAIL", "LOCAL_SIGN_IN"}
    known |= {"GATEWAY_URL", "GATEWAY_SECONDS", "MAIL_SERVER", "MAIL_FROM"}
    for name in env:
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in known:
            faults.append(f"{name} is not a setting. The README lists them.")
    settings = Settings(
        data_dir=Path(env.get("DATA_DIR", str(ROOT / "data"))).resolve(),
        server_url=_server_url(env, faults=faults),
        host=_host(env, faults=faults),
        port=_whole(env, "PORT", 8000, low=1, high=65535, faults=faults),
        demo=_yes(env, "REDRESS_DEMO", default=True, faults=faults),
        processes_dir=Path(env.get("REDRESS_PROCESSES_DIR", str(ROOT / "processes"))).resolve(),
        delivery_attempts=_whole(env, "REDRESS_DELIVERY_ATTEMPTS", 5, low=1, high=50, faults=faults),
        step_budget=_whole(env, "REDRESS_STEP_BUDGET", 2000, low=10, high=100_000, faults=faults),
        upload_megabytes=_whole(env, "REDRESS_UPLOAD_MEGABYTES", 10, low=1, high=100, faults=faults),
        https=_yes(env, "REDRESS_HTTPS", default=False, faults=faults),
        proxies=_whole(env, "REDRESS_PROXIES", 0, low=0, high=5, faults=faults),
        hosts=_names(env, "REDRESS_HOSTS", faults=faults),
        address=_matching(env, "REDRESS_ADDRESS", "", r"https?://[^/?#@\s]+[^?#\s]*", faults=faults),
        session_idle_minutes=_whole(env, "REDRESS_SESSION_IDLE_MINUTES", 60, low=5, high=1440, faults=faults),
        session_hours=_whole(env, "REDRESS_SESSION_HOURS", 12, low=1, high=24, faults=faults),
        gateway_url=_matching(env, "REDRESS_GATEWAY_URL", "", r"https?://[^/?#@]+[^?#]*", faults=faults),
        gateway_seconds=_whole(env, "REDRESS_GATEWAY_SECONDS", 20, low=1, high=30, faults=faults),
        mail_server=_matching(env, "REDRESS_MAIL_SERVER", "", r"[^:/@\s]+:[0-9]{1,5}", faults=faults),
        metrics_token=_matching(env, "REDRESS_METRICS_TOKEN", "", r"[!-~]{16,200}", faults=faults),
        logs_json=_yes(env, "REDRESS_LOGS_JSON", default=False, faults=faults),
        oidc_issuer=_matching(env, "REDRESS_OIDC_ISSUER", "", _ISSUER, faults=faults),
        oidc_client_id=_matching(env, "REDRESS_OIDC_CLIENT_ID", "", r"[!-~]{1,200}", faults=faults),
        oidc_client_secret=_matching(env, "REDRESS_OIDC_CLIENT_SECRET", "", r"[!-~]{1,400}", faults=faults),
        oidc_name=_matching(env, "REDRESS_OIDC_NAME", _OIDC_NAME, r"[^<>\x00-\x1f]{1,60}", faults=faults),
        oidc_trusts_email=_yes(env, "REDRESS_OIDC_TRUSTS_EMAIL", default=False, faults=faults),
        local_sign_in=_yes(env, "REDRESS_LOCAL_SIGN_IN", default="REDRESS_OIDC_ISSUER" not in env, faults=faults),
        mail_from=_matching(env, "REDRESS_MAIL_FROM", "redress@redress.invalid", r"[^@\s]+@[^@\s]+", faults=faults),
    )
    if len({bool(part) for part in (settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)}) > 1:
        faults.append("REDRESS_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET belong together: set all three, or none.")
    if not settings.oidc_issuer and not settings.local_sign_in:
        faults.append("REDRESS_LOCAL_SIGN_IN=no needs REDRESS_OIDC_ISSUER: nobody could sign in.")
    if settings.data_dir.exists() and not settings.data_dir.is_dir():
        faults.append(f"DATA_DIR must be a folder, and {settings.data_dir} is a file.")
    if not settings.processes_dir.is_dir():
        faults.append(f"REDRESS_PROCESSES_DIR must be a folder, and {settings.processes_dir} is none.")
    if not is_failpoint(env.get("REDRESS_FAILPOINT", POINTS[0])):
        faults.append(f"REDRESS_FAILPOINT must be one of {', '.join(POINTS)}.")
    if faults:
        raise SettingsInvalid("\n".join(faults))
    return settings


def _server_url(env: Mapping[str, str], *, faults: list[str]) -> str:
    """Return the address of the PostgreSQL database; a fault does not repeat it, because it may hold a password."""
    text = env.get("DATABASE_URL", "").strip()
    scheme, _, rest = text.partition("://")
    if not text:
        return ""
    if scheme not in ("postgresql", "postgresql+psycopg") or not rest:
        faults.append("DATABASE_URL must begin with postgresql+psycopg:// and name a database.")
        return ""
    return f"postgresql+psycopg://{rest}"


def _host(env: Mapping[str, str], *, faults: list[str]) -> str:
    """Return the address to serve on. Shells and build tools put names of machines into HOST: those are left alone."""
    text = env.get("HOST", "")
    if text == "localhost":
        return text
    try:
        return str(ip_address(text))
    except ValueError:
        if re.fullmatch(r"[\d.]+", text) or "::" in text:
            faults.append(f"HOST must be an address such as 127.0.0.1, not {text!r}.")
        return DEFAULT_HOST


def _names(env: Mapping[str, str], name: str, *, faults: list[str]) -> tuple[str, ...]:
    """Return names of machines, written one after the other with commas."""
    found = tuple(part.strip().lower() for part in env.get(name, "").split(",") if part.strip())
    wrong = [part for part in found if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", part)]
    if wrong:
        faults.append(f"{name} must be names such as redress.example, with commas between, not {wrong[0]!r}.")
    return found


def _whole(env: Mapping[str, str], name: str, default: int, *, low: int, high: int, faults: list[str]) -> int:
    text = env.get(name, str(default))
    if text.isdecimal() and low <= int(text) <= high:
        return int(text)
    faults.append(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
    return default


def _matching(env: Mapping[str, str], name: str, default: str, pattern: str, *, faults: list[str]) -> str:
    """Return a text of a certain shape; a fault does not repeat it, because an address may hold a password."""
    text = env.get(name, "").strip() or default
    if text == default or re.fullmatch(pattern, text):
        return text
    faults.append(f"{name} does not have the right form. The README shows it.")
    return default


def _yes(env: Mapping[str, str], name: str, *, default: bool, faults: list[str]) -> bool:
    text = env.get(name, "yes" if default else "no").lower()
    if text in ("yes", "no"):
        return text == "yes"
    faults.append(f"{name} must be yes or no, not {text!r}.")
    return default
