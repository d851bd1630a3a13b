"""What is given away: a source archive with all that the README names, and a wheel that works by itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from support.command import environment

ROOT = Path(__file__).parents[2]
#: Words of the README that look like files and are made by the reader.
NOT_OURS = {"egrow-replica.toml", ".venv", ".env"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Source archive and wheel."""
    directory = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(directory)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (archive,), (wheel,) = directory.glob("*.tar.gz"), directory.glob("*.whl")
    return {"sdist": archive, "wheel": wheel}


def in_archive(archive: Path) -> set[str]:
    with tarfile.open(archive) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


def test_the_source_archive_has_what_the_readme_names(built: dict[str, Path]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([\w./-]+?)(?:#[\w-]+)?\)", readme))
    named = {word for word in re.findall(r"`([\w./-]+\.\w+)`", readme) if word not in NOT_OURS}
    made = {"Makefile", "LICENSE", "requirements.txt", "docker-compose.yml", "benchmarks/bulk.py", ".ci/run"}
    assert linked | named | made <= in_archive(built["sdist"])


def test_the_source_archive_has_every_file_of_the_package(built: dict[str, Path]) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not tracked:
        pytest.skip("this is no clone")
    assert set(tracked) - in_archive(built["sdist"]) == set()


def test_the_wheel_has_statements_texts_and_types(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as wheel:
        names = set(wheel.namelist())
        (metadata,) = (wheel.read(name).decode() for name in names if name.endswith("METADATA"))
    statements = {f"egrow_replica/sql/{path.relative_to(ROOT / 'sql')}" for path in (ROOT / "sql").rglob("*.sql")}
    assert statements | {"egrow_replica/py.typed", "egrow_replica/locale/es.po"} <= names
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == {"egrow_replica"}
    assert "Classifier: Typing :: Typed" in metadata


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sdist", "wheel"])
def test_installed_into_an_empty_environment_the_demo_plays(built: dict[str, Path], kind: str, tmp_path: Path) -> None:
    venv.create(tmp_path / "empty")
    python = str(tmp_path / "empty" / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.txt")], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", str(built[kind])], check=True)
    command = [str(tmp_path / "empty" / "bin" / "egrow-replica"), "demo"]
    # Nothing of this clone may help.
    clean = {name: value for name, value in environment().items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == os.EX_OK, done.stdout + done.stderr
