"""Where ``init`` finds its connection strings, and what it says to those that it cannot use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from init_world import NASTY, Place, reasons, url
from psycopg import conninfo, sql
from support.command import run

from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server

ROLE = "init nasty"


@pytest.fixture(scope="module")
def nasty_login(academy: Lab) -> Iterator[str]:
    """A login on both servers whose password has every sign that URLs and shells trip over."""
    for server in Server:
        with psycopg.connect(academy.admin_dsn(server), autocommit=True) as connection:
            role = sql.Identifier(ROLE)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN SUPERUSER PASSWORD {}").format(role, sql.Literal(NASTY)))
    yield ROLE
    for server in Server:
        with psycopg.connect(academy.admin_dsn(server), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(ROLE)))


PRISMA = (
    "?schema=public&connection_limit=5&pool_timeout=10&pgbouncer=true&sslaccept=strict&connect_timeout=7"
    "&socket_timeout=9&statement_cache_size=0&sslmode=prefer&channel_binding=prefer"
)


def test_passwords_and_parameters(place: Place, nasty_login: str) -> None:
    """In a URL, single-quoted in an env file with ``export`` and comments; and as libpq writes it."""
    dev = url(place.pair.lab.dev_admin_dsn, user=nasty_login, password=NASTY)
    assert "'" not in dev
    (place.directory / ".env").write_text(f"# dev\nOTHER=$HOME ${{X}}\nexport DATABASE_URL='{dev}{PRISMA}' # here\n")
    prod = conninfo.make_conninfo(place.pair.lab.prod_admin_dsn, user=nasty_login, password=NASTY)
    result = place.init("--preset", "egrow-academy", env={"EGROW_PROD_DSN": prod})
    assert result.exit_code == 0, str(result)
    assert place.toml["dev"] == {"env_file": ".env"}
    assert place.toml["prod"] == {"dsn_env": "EGROW_PROD_DSN"}
    shown = result.stdout + result.stderr + place.file.read_text()
    assert NASTY not in shown
    assert dev.split(":")[2].split("@")[0] not in shown
    assert place.run("compare", env={"EGROW_PROD_DSN": prod}).exit_code == 0


def test_a_raw_password_in_a_url_is_told_how_to_write_it(place: Place) -> None:
    place.use_env_files()
    (place.directory / ".env").write_text("DATABASE_URL=postgresql://me:100%secret@127.0.0.1/x\n")
    result = place.init()
    assert result.exit_code == 2
    assert "encode @ : / %" in result.message
    assert "secret" not in result.message
    assert not place.file.exists()


@pytest.mark.parametrize(
    ("end", "code", "expected"),
    [
        ("?sslmode=prefer&frobnicate=1", 2, "unknown parameter 'frobnicate'"),
        ("?options=endpoint%3Dep-cool-1", 7, "endpoint"),  # only Neon's own server takes it
        ("?sslmode=require", 7, "SSL"),
        ("?sslmode=nonsense", 7, "sslmode"),
    ],
)
def test_parameters_that_do_not_work(place: Place, end: str, code: int, expected: str) -> None:
    place.use_env_files(prod=end)
    result = place.init()
    assert result.exit_code == code, str(result)
    assert expected in result.message
    assert "prod" in result.message
    assert not place.file.exists()


@pytest.mark.parametrize("host", ["[::1]", "[fe80::1%25lo]", "[not-an-address]"])
def test_ipv6(place: Place, host: str) -> None:
    """The lab does not listen there: an answer, and no crash."""
    place.use_env_files()
    (place.directory / ".env").write_text(f"DATABASE_URL=postgresql://me:x@{host}:1/db\n")
    result = place.init()
    assert result.exit_code in (2, 7), str(result)
    assert "dev" in result.message


def test_nowhere(place: Place) -> None:
    (place.directory / ".env").write_text("OTHER=1\n")
    result = place.init()
    assert result.exit_code == 2
    assert result.error["code"] == "no-connection-string"
    assert "EGROW_DEV_DSN" in result.message
    assert f"{place.directory / '.env'} (which has no DATABASE_URL)" in result.message


def test_an_env_file_that_cannot_be_read(place: Place) -> None:
    place.use_env_files()
    (place.directory / ".env").write_bytes(b"DATABASE_URL=\xff\xfe\n")
    result = place.init()
    assert result.exit_code == 2
    assert "not UTF-8" in result.message


def test_a_url_made_of_variables(place: Place) -> None:
    """They are not expanded, by this command nor by any later one."""
    place.use_env_files()
    (place.directory / ".env").write_text("P=x\nDATABASE_URL=postgresql://me:${P}@127.0.0.1:${PORT}/db\n")
    result = place.init()
    assert result.exit_code == 7
    assert "is not expanded" in result.message


def test_one_database_for_both(place: Place) -> None:
    place.use_env_files()
    (place.directory / ".env").write_text((place.directory / ".env.production").read_text())
    result = place.init()
    assert (result.exit_code, result.error["code"]) == (4, "same-database")


def test_a_server_that_does_not_answer(place: Place) -> None:
    place.use_env_files()
    dead = "postgresql://me:hidden@127.0.0.1:1/x"
    (place.directory / ".env.production").write_text(f"DATABASE_URL={dead}?pgbouncer=true\nDIRECT_URL={dead}\n")
    result = place.init()
    assert result.exit_code == 7
    assert "DIRECT_URL stands beside it" in result.message
    assert "hidden" not in result.message


def test_force(place: Place) -> None:
    former = '[dev]\nenv_file = ".env"\n[tables]\ncontent = ["courses"]\n[window]\nmax_age = "3h"\n'
    place.file.write_text(former)
    refused = place.init()
    assert (refused.exit_code, refused.error["code"]) == (2, "configuration-exists")
    assert place.file.read_text() == former
    place.use_env_files()
    result = place.init("--force", "--preset", "egrow-academy")
    assert result.exit_code == 0, str(result)
    assert place.toml["window"] == {"max_age": "3h"}
    assert place.toml["tables"]["preset"] == "egrow-academy"
    assert Path(result.json["replaced"]).read_text() == former


def test_a_former_password_is_not_taken_over(place: Place) -> None:
    """The lab's own configuration holds passwords: they are not copied, and not needed where others are found."""
    former = place.pair.config.read_text()
    place.file.write_text(former)
    refused = place.init("--force")
    assert refused.exit_code == 2
    assert "with its password" in refused.message
    assert place.file.read_text() == former
    env = {"EGROW_DEV_DSN": place.pair.lab.dev_dsn, "EGROW_PROD_DSN": place.pair.lab.prod_dsn}
    result = place.init("--force", "--preset", "egrow-academy", env=env)
    assert result.exit_code == 0, str(result)
    assert "password" not in place.file.read_text().replace("passwordHash", "")
    assert place.toml["backup"]["bin_dir"] == str(place.pair.lab.bin_dir)


def test_another_directory(place: Place) -> None:
    """Env files are the working directory's or stand beside the configuration, which is read from anywhere."""
    place.use_env_files()
    elsewhere = place.directory / "conf"
    elsewhere.mkdir()
    result = place.init("--preset", "egrow-academy", "--config", "conf/release.toml")
    assert result.exit_code == 0, str(result)
    assert 'env_file = "../.env"' in (elsewhere / "release.toml").read_text()
    other = Place(elsewhere, place.pair)
    assert other.run("compare", "--config", "release.toml").exit_code == 0


def test_nobody_confirms(place: Place) -> None:
    """The proposal is shown all the same, and nothing is written."""
    place.use_env_files()
    result = run(["--json", "init"], directory=place.directory)
    assert (result.exit_code, result.error["code"]) == (2, "not-confirmed")
    assert result.json["tables"]
    assert result.json["written"] is False
    assert not place.file.exists()


@pytest.mark.parametrize("arguments", [("--preset", "nonsense"), ("--nonsense",)])
def test_usage(place: Place, arguments: tuple[str, ...]) -> None:
    place.use_env_files()
    assert place.init(*arguments).exit_code == 2


def test_a_person_reads_it(place: Place) -> None:
    place.use_env_files()
    result = run(["--yes", "--lang", "es", "init"], directory=place.directory)
    assert result.exit_code == 0, str(result)
    for text in ("contenido", "sin clasificar", "public.courses", "columna de producción", "escrito:"):
        assert text in result.stdout
    shown = " ".join(result.stdout.split())
    for text in ("un contador o un promedio: difiere en el", "sus filas se borran con las personas: userId"):
        assert text in shown
    assert " rows " not in shown
    written = place.file.read_text()
    for text in (
        "# Propuesto por",
        "tablas de usuarios se refieren a ella",
        "no propuesta, decida usted: valores reales y de prueba",
    ):
        assert text in written
    assert place.run("compare").exit_code == 0


def test_json_is_english_whatever_the_language(place: Place) -> None:
    place.use_env_files()
    result = run(["--json", "--yes", "--lang", "es", "init"], directory=place.directory)
    assert "users' tables refer to it: public.comments" in reasons(result, "public.courses")
