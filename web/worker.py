"""`python -m web.worker`: does what is due, beside as many others as are needed. SIGTERM ends it after what it does."""

from __future__ import annotations

import os
import socket
import sys

from engine import worker
from engine.errors import RedressError
from engine.settings import read_settings
from web import logs
from web.app import collect_seldom, make_world
from web.pages import check_scaled, take_part


def main() -> int:
    """Work until told to stop. Returns the exit code."""
    logs.set_up()
    try:
        settings = read_settings()
        check_scaled(settings)
        world = make_world(settings)
        collect_seldom()
        take_part(world)
    except RedressError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        worker.run_worker(world, name=f"{socket.gethostname()}/{os.getpid()}")
    finally:
        world.db.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
