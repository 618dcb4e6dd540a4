"""Asks an advisory database about the locked packages; without one it says so and lets the work go on."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def verdict(output: str) -> tuple[str, bool]:
    """What pip-audit's JSON comes to, in words, and whether anything must be done."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        packages = []
    audited = [package for package in packages if "skip_reason" not in package]
    if not audited:
        return "no advisory database is reachable: nothing was audited", False
    left_out = [package["name"] for package in packages if "skip_reason" in package]
    said = f"{len(audited)} packages audited" + (f", not {', '.join(left_out)}" if left_out else "")
    faults = [
        f"{package['name']} {package['version']}: {fault['id']}"
        + (f", mended in {', '.join(fault['fix_versions'])}" if fault.get("fix_versions") else "")
        for package in audited
        for fault in package.get("vulns", ())
    ]
    return "\n".join([said, *faults]), bool(faults)


def main() -> None:
    command = [sys.executable, "-m", "pip_audit", "--requirement", "requirements.txt", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10", *sys.argv[1:]]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603
    words, serious = verdict(done.stdout)
    sys.stdout.write(words + "\n")
    sys.exit(serious)


if __name__ == "__main__":
    main()
