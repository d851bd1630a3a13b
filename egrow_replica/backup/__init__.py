"""Backups: content files that restore reads, the whole database by pg_dump, and the manifest that vouches for both."""

from egrow_replica.backup.content_files import ContentTable, Values, read_content, write_content
from egrow_replica.backup.dump import dump_database
from egrow_replica.backup.dump_rows import DumpedTable, dumped_table
from egrow_replica.backup.files import explained, new_file, sync_directory
from egrow_replica.backup.make import make_backup
from egrow_replica.backup.manifest import (
    BackupFacts,
    ContentFile,
    Dump,
    Manifest,
    StoredFile,
    TableFingerprint,
    load,
)
from egrow_replica.backup.store import (
    BackupState,
    BackupSummary,
    VerifyReport,
    create_directory,
    find_backup,
    list_backups,
    preflight,
    remove_incomplete,
    verify,
)
from egrow_replica.backup.tools import Tools, find_tools

__all__ = [
    "BackupFacts",
    "BackupState",
    "BackupSummary",
    "ContentFile",
    "ContentTable",
    "Dump",
    "DumpedTable",
    "Manifest",
    "StoredFile",
    "TableFingerprint",
    "Tools",
    "Values",
    "VerifyReport",
    "create_directory",
    "dump_database",
    "dumped_table",
    "explained",
    "find_backup",
    "find_tools",
    "list_backups",
    "load",
    "make_backup",
    "new_file",
    "preflight",
    "read_content",
    "remove_incomplete",
    "sync_directory",
    "verify",
    "write_content",
]
