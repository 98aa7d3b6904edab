"""A throw-away pair of servers for one test run: prints their addresses, and stops with its parent.

The parent holds this process's standard input open; when the parent ends in any way, even by kill -9, the
input closes, the servers stop and their folder goes.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from portal.embedded.postgres import start_postgres
from portal.embedded.valkey import start_valkey


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    home.chmod(0o755)
    postgres = valkey = None
    try:
        postgres = start_postgres(home / "postgres", durable=False)
        valkey = start_valkey(home / "valkey")
        print(  # noqa: T201  # the answer to the parent
            json.dumps({"home": str(home), "sockets": str(postgres.sockets), "valkey": str(valkey.socket)}), flush=True
        )
        sys.stdin.read()
    finally:
        if valkey is not None:
            valkey.stop()
        if postgres is not None:
            postgres.stop()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
