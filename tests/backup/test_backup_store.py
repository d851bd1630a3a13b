"""The directory of all backups: every wrong thing in it is told, none is a crash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from backup_world import FACTS, Database, table
from pydantic import ValidationError

from egrow_replica.backup import (
    ContentFile,
    Manifest,
    StoredFile,
    TableFingerprint,
    create_directory,
    find_backup,
    list_backups,
    load,
    preflight,
    remove_incomplete,
    verify,
)
from egrow_replica.backup.manifest import overall_sha256, total_bytes, write_manifest
from egrow_replica.errors import BackupFailed
from egrow_replica.model import QualifiedName

Make = Callable[..., tuple[Path, Manifest]]
NOW = datetime(2025, 6, 1, 22, 30, tzinfo=UTC)
#: sha256 of nothing.
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def finished(base: Path, window: str = "june", now: datetime = NOW, *, rows: bytes = b"") -> Path:
    directory = create_directory(base, window, now)
    (directory / "content" / "0001-t.copy").write_bytes(rows)
    digest = hashlib.sha256(rows).hexdigest()
    stored = ContentFile(
        file="content/0001-t.copy", bytes=len(rows), sha256=digest, table=QualifiedName("public", "t.x"),
        columns=("id",), key=("id",), rows=0,
    )  # fmt: skip
    manifest = Manifest(
        program_version="1", window=window, created_at=now, server_version="18.6", facts=FACTS, content=(stored,),
        dump=None, fingerprints=(TableFingerprint(table=QualifiedName("public", "t.x"), rows=0, hash="0"),),
        bytes=total_bytes([stored]), sha256=overall_sha256([stored]),
    )  # fmt: skip
    write_manifest(directory, manifest)
    return directory


def test_a_manifest_reads_as_it_was_written(tmp_path: Path) -> None:
    directory = finished(tmp_path / "b")
    assert directory.name == "safe-sync-backup-20250601T223000Z-june"
    manifest = load(directory)
    assert manifest.directory == directory.name
    assert manifest.content[0].table == QualifiedName("public", "t.x")
    assert manifest.created_at == NOW
    assert '"created_at": "2025-06-01T22:30:00Z"' in (directory / "manifest.json").read_text()
    assert [path.name for path in directory.iterdir() if path.suffix == ".tmp"] == []


def test_list_tells_whole_from_broken(tmp_path: Path) -> None:
    base = tmp_path / "b"
    assert list_backups(base) == []
    whole = finished(base)
    lacking = finished(base, "may", datetime(2025, 5, 1, tzinfo=UTC))
    (lacking / "content" / "0001-t.copy").unlink()
    grown = finished(base, "april", datetime(2025, 4, 1, tzinfo=UTC))
    (grown / "content" / "0001-t.copy").write_bytes(b"x")
    create_directory(base, "march", datetime(2025, 3, 1, tzinfo=UTC))
    garbled = finished(base, "february", datetime(2025, 2, 1, tzinfo=UTC))
    (garbled / "manifest.json").write_bytes(b"\xff{")
    (base / "foreign").mkdir()
    (base / "README.md").touch()
    (base / "link").symlink_to("nowhere")
    listed = [(backup.window, backup.verified, backup.state.value) for backup in list_backups(base)]
    assert listed == [
        ("february", False, "finished"),
        ("march", False, "incomplete"),
        ("april", False, "finished"),
        ("may", False, "finished"),
        ("june", True, "finished"),
        ("", False, "foreign"),
    ]
    assert list_backups(base)[4].directory == whole
    assert list_backups(base)[4].model_dump(mode="json").keys() == {
        "directory", "window", "created_at", "bytes", "server_version", "tables", "verified", "state", "looked_at",
        "problems",
    }  # fmt: skip


def test_what_is_shown_is_what_was_looked_at(tmp_path: Path) -> None:
    """One byte that is another one shows in no size."""
    base = tmp_path / "b"
    file = finished(base, rows=b"rows") / "content" / "0001-t.copy"
    assert [(one.verified, one.looked_at) for one in list_backups(base, check=True)] == [(True, "checksums")]
    file.write_bytes(b"roWs")
    assert [(one.verified, one.looked_at) for one in list_backups(base)] == [(True, "sizes")]
    (found,) = list_backups(base, check=True)
    assert (found.verified, found.looked_at) == (False, "checksums")
    assert "sha256 differs" in found.problems[0]
    file.unlink()
    (found,) = list_backups(base)
    assert str(file) in found.problems[0]


def test_find_takes_the_newest_finished_one(tmp_path: Path) -> None:
    finished(tmp_path)
    newest = finished(tmp_path, now=datetime(2025, 6, 2, tzinfo=UTC))
    create_directory(tmp_path, "june", datetime(2025, 6, 3, tzinfo=UTC))
    assert find_backup(tmp_path, "june") == newest
    create_directory(tmp_path, "july", NOW)
    with pytest.raises(BackupFailed, match="never finished"):
        find_backup(tmp_path, "july")
    with pytest.raises(BackupFailed, match="no backup of window august"):
        find_backup(tmp_path, "august")


def edit(**changes: object) -> Callable[[bytes], bytes]:
    return lambda text: json.dumps({**json.loads(text), **changes}).encode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: b"", "garbled"),
        (lambda text: text[:-20], "garbled"),
        (lambda text: b"[]", "garbled"),
        (lambda text: b"[" * 100_000, "garbled"),
        (edit(format="1"), "garbled"),
        (edit(format=2), "newer egrow-replica"),
        (edit(bytes=5), "sums do not fit"),
        (edit(sha256="0" * 64), "sums do not fit"),
        (edit(more=1), "garbled"),
        (edit(created_at="yesterday"), "garbled"),
        (lambda text: text.replace(b"content/0001-t.copy", b"../../0001-t.copy"), "inside the backup"),
    ],
)
def test_a_manifest_that_is_not_right(tmp_path: Path, change: Callable[[bytes], bytes], message: str) -> None:
    directory = finished(tmp_path)
    path = directory / "manifest.json"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BackupFailed, match=message) as refusal:
        load(directory)
    assert refusal.value.hint
    assert [backup.verified for backup in list_backups(tmp_path)] == [False]


@pytest.mark.parametrize("file", ["/etc/passwd", "../x", "a/../../x", "", ".", "a//b", "a/./b", "nul\0"])
def test_a_file_never_leads_out_of_the_backup(file: str) -> None:
    with pytest.raises(ValidationError):
        StoredFile(file=file, bytes=0, sha256=EMPTY)


@pytest.mark.parametrize("below", ["", "below", "below/deeper"])
def test_a_file_in_the_place_of_the_directory(tmp_path: Path, below: str) -> None:
    (tmp_path / "b").write_text("a file")
    for attempt in (lambda base: preflight(base, 0), lambda base: create_directory(base, "june", NOW)):
        with pytest.raises(BackupFailed, match="not a directory") as refusal:
            attempt(tmp_path / "b" / below)
        assert "[backup] directory" in refusal.value.hint
    with pytest.raises(BackupFailed):
        list_backups(tmp_path / "b")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_a_place_that_nobody_may_write_to() -> None:
    with pytest.raises(BackupFailed, match="cannot write in /proc"):
        preflight(Path("/proc/self/backups"), 0)


def test_not_enough_space(tmp_path: Path) -> None:
    preflight(tmp_path / "b" / "c", 1)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BackupFailed, match="bytes free"):
        preflight(tmp_path / "b", 1 << 62)


def test_a_name_is_never_taken_twice(tmp_path: Path) -> None:
    create_directory(tmp_path, "june", NOW)
    with pytest.raises(BackupFailed, match="exists"):
        create_directory(tmp_path, "june", NOW)


@pytest.mark.parametrize("window", ["", "../x", "A", "a b", "-a", "a" * 41])
def test_a_window_that_is_no_part_of_a_path(tmp_path: Path, window: str) -> None:
    with pytest.raises(BackupFailed, match="not the name of a window"):
        create_directory(tmp_path / "b", window, NOW)
    assert not (tmp_path / "b").exists()


def test_only_what_was_never_finished_is_removed(tmp_path: Path) -> None:
    unfinished = create_directory(tmp_path, "june", NOW)
    remove_incomplete(unfinished)
    assert not unfinished.exists()
    (tmp_path / "mine").mkdir()
    for path in (finished(tmp_path), tmp_path / "mine", tmp_path):
        with pytest.raises(BackupFailed):
            remove_incomplete(path)
        assert path.exists()


def test_verify_finds_what_the_list_cannot_see(database: Database, backup: Make) -> None:
    database.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (2)")
    directory, manifest = backup(table("t", "id", "id"))
    bin_dir = database.cluster.bin_dir
    assert verify(directory, bin_dir).problems == ()
    (directory / manifest.content[0].file).write_bytes(b"1\n3\n")
    (directory / "dump" / "toc.dat").write_bytes(b"PGDMP")
    assert len(verify(directory, bin_dir).problems) == 3
    assert not verify(directory, bin_dir).ok
