"""The configuration's sections. Frozen, every key described, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from egrow_replica.errors import Refused
from egrow_replica.model import Model, QualifiedName, TableName
from egrow_replica.settings.presets import PRESETS, Preset
from egrow_replica.settings.units import ByteCount, Seconds

Operation = Literal["insert", "update", "delete"]


class ServerSettings(Model):
    """How one server is reached: exactly one of the three keys."""

    dsn: SecretStr | None = Field(None, description="connection string or URL")
    dsn_env: str | None = Field(None, description="environment variable that holds the connection string")
    env_file: Path | None = Field(None, description="file whose DATABASE_URL is the connection string")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.dsn, self.dsn_env, self.env_file)) > 1:
            raise ValueError("give one of dsn, dsn_env, env_file")
        return self


class DevSettings(ServerSettings):
    """Development: also the address that the production server uses to reach it."""

    from_production_dsn: SecretStr | None = Field(None, description="how the production server reaches dev")
    from_production_dsn_env: str | None = Field(None, description="environment variable with that connection string")


class TablesSettings(Model):
    """Which tables are content, and which of their columns belong to production."""

    preset: str | None = Field(None, description="name of a preset whose lists are added")
    content: tuple[TableName, ...] = Field((), description="tables that a window writes")
    user: tuple[TableName, ...] = Field((), description="tables of users; whatever is not content is protected too")
    production_columns: dict[TableName, tuple[str, ...]] = Field(
        default_factory=dict, description="columns of content tables whose values belong to production"
    )
    filters: dict[TableName, str] = Field(default_factory=dict, description="row filters of the publication")

    @field_validator("preset")
    @classmethod
    def _known_preset(cls, value: str | None) -> str | None:
        if value is not None and value not in PRESETS:
            raise ValueError(f"there is no such preset; there is: {', '.join(PRESETS)}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        content = self.all_content
        if not content:
            raise ValueError("content is empty: name the tables that a window may write, or a preset")
        for table in set(content) & set(self.all_user):
            raise Refused("user-table", f"{table} is in the list of user tables and in content", hint=_BOTH_LISTS)
        for key, tables in (("production_columns", self.production_columns), ("filters", self.filters)):
            for table in tables:
                if table not in content:
                    raise ValueError(f"{key} names {table}, which is not in content")
        return self

    @property
    def _preset(self) -> Preset:
        return PRESETS[self.preset] if self.preset else Preset(content=(), user=(), production_columns={})

    @property
    def all_content(self) -> tuple[QualifiedName, ...]:
        """The content tables, preset and own, in order, each once."""
        return tuple(dict.fromkeys(self._preset.content + self.content))

    @property
    def all_user(self) -> tuple[QualifiedName, ...]:
        """The user tables, preset and own, in order, each once."""
        return tuple(dict.fromkeys(self._preset.user + self.user))

    @property
    def own_columns(self) -> tuple[tuple[QualifiedName, str], ...]:
        """(table, column) of each column that this configuration itself, not the preset, gives to production."""
        return tuple((table, column) for table, columns in self.production_columns.items() for column in columns)

    @property
    def all_production_columns(self) -> dict[QualifiedName, tuple[str, ...]]:
        """Columns that belong to production, by table, preset and own."""
        merged: dict[QualifiedName, tuple[str, ...]] = dict(self._preset.production_columns)
        for table, columns in self.production_columns.items():
            merged[table] = tuple(dict.fromkeys(merged.get(table, ()) + columns))
        return merged


_BOTH_LISTS = "A user table is never content: take it out of [tables] content."


class WindowSettings(Model):
    """What a window publishes and how long it may take."""

    publish: tuple[Operation, ...] = Field(("insert", "update"), min_length=1, description="operations to stream")
    catchup_timeout: Seconds = Field(600.0, description="how long production may take to confirm dev's position")
    lock_timeout: Seconds = Field(3.0, description="how long the reconcile waits for a lock before it retries")
    max_age: Seconds = Field(43200.0, description="age from which status warns")
    operator: str | None = Field(
        None,
        min_length=1,
        description="named in the journal in place of this machine, as a container's name is random",
    )
    max_wal_retained: ByteCount = Field(5 * 1024**3, description="WAL held on dev from which status warns")


class BackupSettings(Model):
    """Where backups go and how they are made."""

    directory: Path = Field(Path("backups"), description="directory of all backups")
    bin_dir: Path | None = Field(None, description="where pg_dump and pg_restore are")
    jobs: int = Field(2, ge=1, le=64, description="parallel jobs of pg_dump")
    compression: str = Field("auto", description="what pg_dump -Z takes, or auto")


class ValidateSettings(Model):
    """The DBA's own checks."""

    probes: tuple[str, ...] = Field((), description="SELECTs that answer true as long as all is well")
    access_changes: tuple[str, ...] = Field(
        (), description="subjects of access, as a validation names them, that may lose some: it is meant so"
    )


class DoctorSettings(Model):
    """From what on a check speaks."""

    writing_transaction: Seconds = Field(2.0, description="age from which a writing transaction on dev is told")
    blocking_transaction: Seconds = Field(
        60.0, description="age from which it keeps a window closed: making the slot waits no longer"
    )
    old_transaction: Seconds = Field(3600.0, description="age from which a transaction on production is told")
    clock_difference: Seconds = Field(5.0, description="difference of a server's clock from ours that is told")


class EvidenceSettings(Model):
    """How strong the evidence must be."""

    require: Literal["auto", "exact", "wal", "origin"] = Field(
        "auto", description="the tier that a verdict must rest on"
    )


class MaintenanceSettings(Model):
    """Whose writes are held, and for how long at most."""

    roles: tuple[str, ...] = Field((), description="the application's roles: those that it logs in as")
    duration: Seconds = Field(600.0, description="how long a hold lasts unless the command says otherwise")
    grace: Seconds = Field(5.0, description="how long a transaction of theirs may go on before its session is ended")

    @field_validator("roles")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not role for role in value) or len(set(value)) != len(value):
            raise ValueError("name each role once")
        return value
