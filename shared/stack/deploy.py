"""What an installation needs before its services start: `python -m shared.stack.deploy DIR`.

Topics, databases and roles, at TRIALWIRE_KAFKA and TRIALWIRE_POSTGRES (an administrator's DSN); run again, it
makes only what is missing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from shared.stack import databases, topics
from shared.stack.faults import StackError


def deploy(kafka: str, admin_dsn: str, folder: Path) -> None:
    """Make topics and databases; each service's DSN goes to `folder/<service>/dsn`, for its owner alone."""
    for name in databases.SERVICES:
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        databases.ensure(folder / name / "dsn", admin_dsn, name)
    made = topics.ensure(kafka)
    print(f"topics made: {', '.join(made) or 'none, all were there'}", file=sys.stderr)


if __name__ == "__main__":
    try:
        deploy(os.environ["TRIALWIRE_KAFKA"], os.environ["TRIALWIRE_POSTGRES"], Path(sys.argv[1]))
    except StackError as error:
        sys.exit(str(error))
    except (KeyError, IndexError) as missing:
        sys.exit(f"{missing}: TRIALWIRE_KAFKA, TRIALWIRE_POSTGRES and a folder are needed")
