"""How gunicorn serves: `gunicorn -c web/gunicorn_settings.py 'web.pages:create()'`, as WEB_CONCURRENCY processes.

SIGHUP replaces the processes one after the other while the door stays open; what they have begun, they end.
"""

import os

from engine.settings import read_settings

_settings = read_settings()

bind = f"{_settings.host}:{_settings.port}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 30
keepalive = 5
loglevel = "warning"
# What a proxy says about the visitor is for the application to believe or not.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
if os.path.isdir("/dev/shm"):
    worker_tmp_dir = "/dev/shm"  # a slow disk must not look like a process that hangs
