"""Writes build/sbom.json: what the locked packages are, as CycloneDX 1.6, from what is installed of them."""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([^\s;\\]+)(?: ; [^\\]*)?(.*(?:\n    .*)*)", re.MULTILINE)
_HASH = re.compile(r"sha256:([0-9a-f]{64})")


def document(lock: str) -> dict[str, Any]:
    """The bill of materials of a lock file; what its markers leave out on this machine is not in it."""
    components = sorted(_components(lock), key=lambda component: str(component["bom-ref"]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _root()},
        "components": components,
        "dependencies": [
            {"ref": "trialwire", "dependsOn": [component["bom-ref"] for component in components]}
        ],
    }


def _root() -> dict[str, Any]:
    licence = [{"license": {"id": "Apache-2.0"}}]
    return {
        "type": "application",
        "bom-ref": "trialwire",
        "name": "trialwire",
        "version": version("trialwire"),
        "licenses": licence,
    }


def _components(lock: str) -> Iterator[dict[str, Any]]:
    for name, pinned, rest in _PIN.findall(lock):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        if found.version != pinned:
            raise SystemExit(f"{name} is {found.version}, and {pinned} is locked: run make again")
        purl = f"pkg:pypi/{name}@{pinned}"
        yield {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": pinned,
            "purl": purl,
            "licenses": list(_licences(found)),
            # One of a package's files of this version was installed; these are all that may be.
            "properties": [
                {"name": "trialwire:sha256", "value": digest} for digest in sorted(_HASH.findall(rest))
            ],
        }


def _licences(found: Distribution) -> Iterable[dict[str, Any]]:
    """The expression that the package states, else the names of its classifiers or of its licence field."""
    words = found.metadata
    if "License-Expression" in words:
        return [{"expression": words["License-Expression"]}]
    classified = words.get_all("Classifier") or []
    names = [line.rpartition(" :: ")[2] for line in classified if line.startswith("License :: ")]
    free = words["License"].strip().split("\n")[0] if "License" in words else ""
    return [{"license": {"name": name}} for name in names or ([free] if free else [])]


def main(folder: Path = ROOT / "build") -> None:
    folder.mkdir(exist_ok=True)
    made = document((ROOT / "requirements.txt").read_text("utf-8"))
    (folder / "sbom.json").write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    sys.stdout.write(f"{folder / 'sbom.json'}: {len(made['components'])} packages\n")


if __name__ == "__main__":
    main()
