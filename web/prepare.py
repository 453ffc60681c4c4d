"""`python -m web.prepare`: brings the database to this version and puts `processes/` in force.

Run it once for a release, before the processes are restarted: those of the release before work on with its tables.
"""

from __future__ import annotations

import sys

from engine.errors import RedressError
from engine.settings import read_settings
from web import logs
from web.app import make_world
from web.pages import check_scaled
from web.serve import prepare


def main() -> int:
    """Prepare. Returns the exit code."""
    logs.set_up()
    try:
        settings = read_settings()
        check_scaled(settings)
        world = make_world(settings)
        prepare(world)
    except RedressError as error:
        print(error, file=sys.stderr)
        return 1
    world.db.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
