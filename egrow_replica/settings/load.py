"""Reading the configuration: flag, then environment, then file, then default."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from dotenv import dotenv_values
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from egrow_replica.errors import ConfigurationError, EgrowError
from egrow_replica.model import QualifiedName, Server
from egrow_replica.settings.model import (
    BackupSettings,
    DevSettings,
    DoctorSettings,
    EvidenceSettings,
    MaintenanceSettings,
    ServerSettings,
    TablesSettings,
    ValidateSettings,
    WindowSettings,
)

DEFAULT_FILE = Path("egrow-replica.toml")
ENVIRONMENT_PREFIX = "EGROW_REPLICA_"
#: Keys of ``[tables]`` whose values, or whose values' keys, are names of tables.
_NAMES_OF_TABLES = ("content", "user", "production_columns", "filters")
#: Where connection strings are looked for unless the configuration says otherwise.
DEV_VARIABLE = "EGROW_DEV_DSN"
PROD_VARIABLE = "EGROW_PROD_DSN"
STREAM_VARIABLE = "EGROW_DEV_DSN_FROM_PROD"
#: Short for the one of ``[window] operator``, which a container is likely to be given.
OPERATOR_VARIABLE = "EGROW_REPLICA_OPERATOR"
#: Administrators' connection strings, which belong in no file.
ADMIN_VARIABLES = {Server.DEV: "EGROW_DEV_ADMIN_DSN", Server.PROD: "EGROW_PROD_ADMIN_DSN"}
#: What Prisma and most frameworks call it in a ``.env`` file.
URL_VARIABLE = "DATABASE_URL"


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", hide_input_in_errors=True
    )

    dev: DevSettings = Field(default_factory=lambda: DevSettings())  # noqa: PLW0108 (the plugin wants a call)
    prod: ServerSettings = Field(default_factory=lambda: ServerSettings())  # noqa: PLW0108
    tables: TablesSettings
    window: WindowSettings = Field(default_factory=lambda: WindowSettings())  # noqa: PLW0108
    backup: BackupSettings = Field(default_factory=lambda: BackupSettings())  # noqa: PLW0108
    validation: ValidateSettings = Field(default_factory=lambda: ValidateSettings())  # noqa: PLW0108
    evidence: EvidenceSettings = Field(default_factory=lambda: EvidenceSettings())  # noqa: PLW0108
    maintenance: MaintenanceSettings = Field(default_factory=lambda: MaintenanceSettings())  # noqa: PLW0108
    doctor: DoctorSettings = Field(default_factory=lambda: DoctorSettings())  # noqa: PLW0108

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment outranks the file, whose content arrives as init arguments."""
        assert isinstance(env_settings, EnvSettingsSource)
        env_settings.env_vars = {_renamed(name): value for name, value in env_settings.env_vars.items()}
        return env_settings, init_settings


def _renamed(variable: str) -> str:
    if variable == OPERATOR_VARIABLE.lower():
        return "egrow_replica_window__operator"
    # "validate" is a method of every pydantic model, so that section has another name in the program.
    return variable.replace("egrow_replica_validate__", "egrow_replica_validation__")


def load_settings(
    path: Path | None = None,
    environment: dict[str, str] | None = None,
    *,
    read_name: Callable[[str], object] = QualifiedName.parse,
) -> Settings:
    """Read ``path`` (default: ``egrow-replica.toml`` in the working directory) and the environment.

    :param read_name: reads every table's name once more, as it is written, and refuses what it reads otherwise.
    :raises ConfigurationError: no file, bad TOML, an unknown key, a bad value.
    :raises Refused: a table in both lists.
    """
    file = path or DEFAULT_FILE
    values = _read_toml(file)
    _refuse_unknown(values, Settings, "")
    _refuse_unknown_variables(os.environ if environment is None else environment)
    try:
        settings = Settings(**{"validation" if key == "validate" else key: value for key, value in values.items()})
    except ValidationError as error:
        raise _as_configuration_error(error) from None
    except SettingsError as error:
        raise ConfigurationError(f"bad value in the environment: {error}", hint="Lists are written as JSON.") from None
    for text in (*_names_in(values.get("tables", {})), *_names_in_environment(os.environ)):
        read_name(text)
    return _with_absolute_paths(settings, file.absolute().parent)


def _names_in(tables: dict[str, Any]) -> Iterator[str]:
    """Every table's name in ``[tables]``, as it is written; that the values are lists and tables has been seen."""
    for key in _NAMES_OF_TABLES:
        yield from tables.get(key, ())


def _names_in_environment(environment: Mapping[str, str]) -> Iterator[str]:
    for key in _NAMES_OF_TABLES:
        for variable, value in environment.items():
            if variable.upper() == f"{ENVIRONMENT_PREFIX}TABLES__{key.upper()}":
                yield from json.loads(value)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no configuration {str(file)!r}", hint="Write one (see the README), or name it with --config."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigurationError(f"the configuration {str(file)!r} cannot be read: {reason}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the configuration {str(file)!r} is not TOML: {error}") from None


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that a field is, if it is one."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _refuse_unknown(values: dict[str, Any], model: type[BaseModel], prefix: str) -> None:
    for key, value in values.items():
        field = _field(model, key)
        if field is None:
            raise ConfigurationError(
                f"unknown key {(prefix + key)!r} in the configuration", hint=_nearest(key, _keys(model))
            )
        section = section_of(field.annotation)
        if section is not None:
            if not isinstance(value, dict):
                raise ConfigurationError(f"{prefix + key} must be a table, written [{prefix + key}]")
            _refuse_unknown(value, section, f"{prefix}{key}.")


def _refuse_unknown_variables(environment: os._Environ[str] | dict[str, str]) -> None:
    for variable in environment:
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == OPERATOR_VARIABLE:
            continue
        model: type[BaseModel] | None = Settings
        for part in variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"):
            field = _field(model, part) if model else None
            if field is None:
                names = _keys(model) if model else []
                raise ConfigurationError(f"unknown key in the environment: {variable}", hint=_nearest(part, names))
            model = section_of(field.annotation)


def named_fields(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """The keys as the file writes them, and what is known of each."""
    names = {"validation": "validate"} if model is Settings else {}
    return [(names.get(name, name), field) for name, field in model.model_fields.items()]


def _keys(model: type[BaseModel]) -> list[str]:
    return [key for key, _ in named_fields(model)]


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    return dict(named_fields(model)).get(key)


def _nearest(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"The nearest known key is {near[0]!r}." if near else f"Known keys: {', '.join(sorted(known))}."


def _as_configuration_error(error: ValidationError) -> EgrowError:
    first = error.errors(include_url=False, include_input=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, EgrowError):
        return cause
    where = ".".join(str(part) for part in first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ")
    return ConfigurationError(f"bad value for {where}: {message}" if where else message)


def _with_absolute_paths(settings: Settings, base: Path) -> Settings:
    def absolute(path: Path | None) -> Path | None:
        return None if path is None else base / path.expanduser()

    backup = settings.backup.model_copy(
        update={"directory": absolute(settings.backup.directory), "bin_dir": absolute(settings.backup.bin_dir)}
    )
    dev = settings.dev.model_copy(update={"env_file": absolute(settings.dev.env_file)})
    prod = settings.prod.model_copy(update={"env_file": absolute(settings.prod.env_file)})
    return settings.model_copy(update={"backup": backup, "dev": dev, "prod": prod})


def connections(values: dict[str, Any], base: Path) -> tuple[DevSettings, ServerSettings]:
    """How both servers are reached by a configuration of which nothing else is known; the environment outranks it.

    :param values: the file's sections; all but ``dev`` and ``prod`` are left out.
    :param base: the directory that the file's paths are relative to.
    :raises ConfigurationError: an unknown key, a bad value.
    """
    chosen: dict[str, Any] = {name: values[name] for name in ("dev", "prod") if name in values}
    _refuse_unknown(chosen, Settings, "")
    _refuse_unknown_variables(os.environ)
    try:
        settings = Settings(**chosen, tables=TablesSettings(content=(QualifiedName("public", "any"),)))
    except ValidationError as error:
        raise _as_configuration_error(error) from None
    except SettingsError as error:
        raise ConfigurationError(f"bad value in the environment: {error}", hint="Lists are written as JSON.") from None
    settings = _with_absolute_paths(settings, base)
    return settings.dev, settings.prod


def dev_dsn(settings: Settings) -> SecretStr:
    """The controller's connection string for dev.

    :raises ConfigurationError: it is not configured, or its variable is not set.
    """
    return server_dsn(settings.dev, "dev", DEV_VARIABLE)


def prod_dsn(settings: Settings) -> SecretStr:
    """The controller's connection string for production.

    :raises ConfigurationError: it is not configured, or its variable is not set.
    """
    return server_dsn(settings.prod, "prod", PROD_VARIABLE)


def stream_dsn(settings: Settings) -> SecretStr:
    """How the production server reaches dev; the dev connection string unless configured.

    :raises ConfigurationError: its variable is not set.
    """
    dev = settings.dev
    if dev.from_production_dsn is not None:
        return dev.from_production_dsn
    if dev.from_production_dsn_env is not None:
        return _from_environment(dev.from_production_dsn_env, "dev.from_production_dsn_env")
    return dev_dsn(settings)


def server_dsn(server: ServerSettings, name: str, default_variable: str) -> SecretStr:
    """The connection string that a section names.

    :raises ConfigurationError: it is not configured, or its variable or its file lacks it.
    """
    if server.dsn is not None:
        return server.dsn
    if server.env_file is not None:
        return _from_env_file(server.env_file, name)
    return _from_environment(server.dsn_env or default_variable, f"{name}.dsn_env")


def _from_environment(variable: str, key: str) -> SecretStr:
    value = os.environ.get(variable)
    if not value:
        raise ConfigurationError(
            f"the environment variable {variable} is not set ({key})", hint=f"Set {variable} to a connection string."
        )
    return SecretStr(value)


def _from_env_file(file: Path, name: str) -> SecretStr:
    if not file.is_file():
        raise ConfigurationError(f"{name}.env_file: there is no file {str(file)!r}")
    value = read_env_file(file).get(URL_VARIABLE)
    if not value:
        raise ConfigurationError(f"{name}.env_file: {str(file)!r} has no {URL_VARIABLE}")
    return SecretStr(value)


def read_env_file(file: Path) -> dict[str, str | None]:
    """The variables of a ``.env`` file: ``export``, quotes and comments are understood, nothing is expanded.

    :raises ConfigurationError: it cannot be read.
    """
    try:
        return dict(dotenv_values(file, interpolate=False))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigurationError(f"{str(file)!r} cannot be read: {reason}") from None
