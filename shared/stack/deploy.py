"""What an installation needs before its services start: `python -m shared.stack.deploy DIR`.

Topics, databases and roles, at TRIALWIRE_KAFKA and TRIALWIRE_POSTGRES (an administrator's DSN, whose password
may stand in the file TRIALWIRE_POSTGRES_PASSWORD_FILE); logins and access rules too where
TRIALWIRE_KAFKA_LOGIN_FILE holds an administrator's login. Run again, it makes only what is missing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from shared.identity.kafka import Kafka
from shared.stack import access, databases, topics, vaults
from shared.stack.faults import StackError


def deploy(kafka: Kafka, admin_dsn: str, folder: Path) -> None:
    """Make topics, databases, logins; secrets go to `folder/<name>`, for the owner alone.

    They are `dsn`, `kafka` and `master-keys.json`; the last is to be kept safe, for nothing brings it back.
    """
    for name in databases.SERVICES:
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        databases.ensure(folder / name / "dsn", admin_dsn, name)
        vaults.provided(folder / name / "master-keys.json")
    made = topics.ensure(kafka)
    if kafka.login:
        for principal in access.listed():
            (folder / principal.name).mkdir(mode=0o700, parents=True, exist_ok=True)
        access.ensure(kafka, lambda name: folder / name / "kafka")
    print(f"topics made: {', '.join(made) or 'none, all were there'}", file=sys.stderr)


def with_password(dsn: str, file: Path) -> str:
    """The address with the password that a file holds."""
    parts = urlsplit(dsn)
    account, _, place = parts.netloc.rpartition("@")
    password = quote(file.read_text(encoding="utf-8").strip(), safe="")
    return urlunsplit(parts._replace(netloc=f"{account.partition(':')[0]}:{password}@{place}"))


if __name__ == "__main__":
    try:
        at = access.given(os.environ["TRIALWIRE_KAFKA"])
        admin, secret = os.environ["TRIALWIRE_POSTGRES"], os.environ.get("TRIALWIRE_POSTGRES_PASSWORD_FILE")
        deploy(at, with_password(admin, Path(secret)) if secret else admin, Path(sys.argv[1]))
    except (StackError, OSError) as error:
        sys.exit(str(error))
    except (KeyError, IndexError) as missing:
        sys.exit(f"{missing}: TRIALWIRE_KAFKA, TRIALWIRE_POSTGRES and a folder are needed")
