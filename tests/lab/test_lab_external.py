"""The lab on servers that somebody else runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from egrow_replica.errors import ServerUnavailable, UsageError
from egrow_replica.lab import conninfo
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server


def names(lab: Lab, database: str) -> str:
    return lab.on(database).psql(
        Server.DEV,
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " UNION ALL SELECT count(*) FROM pg_type WHERE typnamespace = 'public'::regnamespace",
    )


def test_two_empty_databases_of_one_server(lab: Lab, database: Callable[..., str], tmp_path: Path) -> None:
    dev, prod = database(Server.DEV), database(Server.DEV)
    values = lab.admin[Server.DEV]
    url = f"postgresql://{values['user']}:{values['password']}@{values['host']}:{values['port']}/{prod}?schema=public"
    directory = tmp_path / "lab"
    with Lab.attach(directory, dev_dsn=lab.on(dev).dev_admin_dsn, prod_dsn=url) as attached:
        assert attached.status().running
        assert attached.psql(Server.PROD, "SELECT count(*) FROM users") == "150"
        assert f"dbname={prod}" in (directory / "egrow-replica.toml").read_text()
        assert Lab.find(directory).model_dump() == attached.model_dump()
    assert not directory.exists()
    assert names(lab, dev) == names(lab, prod) == "0\n0"
    assert lab.psql(Server.DEV, "SELECT count(*) FROM users") == "9"


def test_productions_own_way_to_dev(lab: Lab, database: Callable[..., str], tmp_path: Path) -> None:
    dev, prod = lab.on(database(Server.DEV)), lab.on(database(Server.PROD))
    dsns = {"dev_dsn": dev.dev_admin_dsn, "prod_dsn": prod.prod_admin_dsn}
    way = "postgresql://me:secret@dev:5432/elsewhere?sslmode=prefer"
    with Lab.attach(tmp_path / "lab", **dsns, dev_dsn_from_prod=way) as attached:
        stream = conninfo.parse(attached.stream_dsn)
        written = (tmp_path / "lab" / "egrow-replica.toml").read_text()
    assert (stream["host"], stream["port"], stream["sslmode"]) == ("dev", "5432", "prefer")
    assert (stream["user"], stream["dbname"]) == ("egrow_stream", dev.admin[Server.DEV]["dbname"])
    assert "host=dev port=5432" in written
    assert "secret" not in written


def test_a_database_that_holds_something_is_refused(lab: Lab, database: Callable[..., str], tmp_path: Path) -> None:
    dev, prod = database(Server.DEV), database(Server.PROD)
    lab.on(prod).psql(Server.PROD, "CREATE SCHEMA x; CREATE TABLE x.t (id int); INSERT INTO x.t VALUES (1)")
    with pytest.raises(UsageError, match="the prod database is not empty"):
        Lab.attach(tmp_path / "lab", dev_dsn=lab.on(dev).dev_admin_dsn, prod_dsn=lab.on(prod).prod_admin_dsn)
    assert not (tmp_path / "lab").exists()
    assert names(lab, dev) == "0\n0"
    assert lab.on(prod).psql(Server.PROD, "SELECT * FROM x.t") == "1"


def test_one_database_twice_is_refused(lab: Lab, database: Callable[..., str], tmp_path: Path) -> None:
    dsn = lab.on(database(Server.DEV)).dev_admin_dsn
    with pytest.raises(UsageError, match="the same database"):
        Lab.attach(tmp_path / "lab", dev_dsn=dsn, prod_dsn=dsn)
    assert not (tmp_path / "lab").exists()


def test_a_login_that_may_not_create_leaves_nothing(lab: Lab, database: Callable[..., str], tmp_path: Path) -> None:
    dev, prod = database(Server.DEV), database(Server.DEV)
    lab.psql(Server.DEV, "CREATE ROLE weak LOGIN PASSWORD 'weak'")
    values = {**lab.admin[Server.DEV], "user": "weak", "password": "weak"}
    dsns = [conninfo.write({**values, "dbname": name}) for name in (dev, prod)]
    with pytest.raises(ServerUnavailable, match="permission denied") as caught:
        Lab.attach(tmp_path / "lab", dev_dsn=dsns[0], prod_dsn=dsns[1])
    assert "administrator" in caught.value.hint
    assert not (tmp_path / "lab").exists()
    assert names(lab, dev) == names(lab, prod) == "0\n0"
    lab.psql(Server.DEV, "DROP ROLE weak")


@pytest.mark.parametrize("dsn", ["postgresql://a:s3cret@h:x/d", "password=s3cret colour=blue", "what is s3cret"])
def test_a_connection_string_is_never_repeated(dsn: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Lab.attach(tmp_path / "lab", dev_dsn=dsn, prod_dsn=dsn)
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(
    "values", [{"host": "h", "password": "it's \\ hard"}, {"dbname": ""}, {"user": "ñandú", "options": "-c a=b"}]
)
def test_connection_strings_round_trip(values: dict[str, str]) -> None:
    assert conninfo.parse(conninfo.write(values)) == values
