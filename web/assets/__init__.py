"""The front-end assets: where they come from, and whether they are built.

Sources lie in `src/`, packages are pinned by package-lock.json, the result is `web/static/dist` (never committed).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DIST = ROOT / "web" / "static" / "dist"
STAMP = DIST / "built-from.txt"


def sources_hash() -> str:
    """Return the hash of everything that the built assets depend on."""
    here = Path(__file__).resolve().parent
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes())
    for path in sorted([here / "build.mjs", *(here / "src").iterdir()]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def built_from() -> str:
    """Return the hash of the sources that the assets were built from; empty when they were never built."""
    return STAMP.read_text().strip() if STAMP.exists() else ""
