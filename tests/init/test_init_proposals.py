"""What ``init`` proposes, and that the other commands work with what it writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from init_world import Place, classes, columns, reasons
from support.pair import Pair

from egrow_replica.model import Server
from egrow_replica.settings.presets import PRESETS

ACADEMY = PRESETS["egrow-academy"]
CONTENT = {str(name) for name in ACADEMY.content}
#: The guide says posts; the table is community_posts.
USER = {str(name) for name in ACADEMY.user} - {"public.posts"}
LISTED_COLUMNS = {(str(table), name) for table, names in ACADEMY.production_columns.items() for name in names}
STRIPE = {("public.products", "stripeProductId"), ("public.prices", "stripePriceId")}


def test_academy_with_its_preset(place: Place) -> None:
    place.use_env_files()
    result = place.init("--preset", "egrow-academy")
    assert result.exit_code == 0, str(result)
    found = classes(result)
    assert found["content"] == CONTENT
    assert found["user"] == USER | {"public.community_posts", "public.webinar_registrations"}
    assert found["unclassified"] == {"public._prisma_migrations", "public.resource_topics", "public.webinars"}
    assert columns(result, proposed=True) == LISTED_COLUMNS
    assert columns(result, proposed=False) == STRIPE
    assert place.toml["tables"] == {
        "preset": "egrow-academy",
        "user": ["public.community_posts", "public.webinar_registrations"],
        "production_columns": {},
    }
    assert place.toml["dev"] == {"env_file": ".env"}
    assert place.toml["prod"] == {"env_file": ".env.production"}
    assert place.file.stat().st_mode & 0o777 == 0o600
    compared = place.run("compare")
    assert compared.exit_code == 0, str(compared)
    assert set(compared.json["unclassified"]) == found["unclassified"]


def test_academy_without_preset(place: Place) -> None:
    """Against the guide's lists: two tables more are content, none is missing, and no user table is content."""
    place.use_env_files()
    result = place.init()
    assert result.exit_code == 0, str(result)
    found = classes(result)
    assert found["content"] == CONTENT | {"public.resource_topics", "public.webinars"}
    assert found["user"] == USER | {"public.community_posts", "public.webinar_registrations"}
    assert found["unclassified"] == {"public._prisma_migrations"}
    assert columns(result, proposed=True) == LISTED_COLUMNS
    assert columns(result, proposed=False) == STRIPE
    assert "userId → public.users" in reasons(result, "public.enrollments")
    assert "public.enrollments → public.users" in reasons(result, "public.course_progress")
    assert "users' tables refer to it: public.comments, public.enrollments" in reasons(result, "public.courses")
    assert "60 of production's 60 rows are not on dev" in reasons(result, "public.webinar_registrations")
    assert place.run("compare").exit_code == 0


def test_sync_with_what_was_written(pair: Pair, tmp_path: Path) -> None:
    """Nothing is edited by hand; the operators' connection strings stand in the environment."""
    place = Place(tmp_path, pair)
    env = {
        "EGROW_DEV_DSN": pair.lab.dev_dsn,
        "EGROW_PROD_DSN": pair.lab.prod_dsn,
        "EGROW_DEV_DSN_FROM_PROD": pair.lab.stream_dsn,
    }
    result = place.init("--preset", "egrow-academy", env=env)
    assert result.exit_code == 0, str(result)
    assert place.toml["dev"] == {
        "dsn_env": "EGROW_DEV_DSN",
        "from_production_dsn_env": "EGROW_DEV_DSN_FROM_PROD",
    }
    # What the operator may not read on dev is a note, not the end.
    assert {one["server"] for one in result.json["connections"]} == {"dev", "prod"}
    doctor = place.run("doctor", env=env)
    assert doctor.exit_code == 0, str(doctor)
    synced = place.run("sync", "--no-backup", env=env)
    assert synced.exit_code == 0, str(synced)
    assert synced.json["validation"]["verdict"] == "intact"


def test_a_foreign_schema(foreign: Place) -> None:
    result = foreign.init("--force")
    assert result.exit_code == 0, str(result)
    shop = "Tienda Ñ."
    found = classes(result)
    assert found["content"] == {f"{shop}Artículo", f"{shop}Tarifa", '"a.b"."odd ""name"""'}
    assert found["user"] == {f"{shop}Cuenta", f"{shop}Pedido", f"{shop}Cita"}
    assert found["unclassified"] == {
        f"{shop}{name}"
        for name in (
            "Ajuste",
            "Cola",
            "Ensayo",
            "Hijo",
            "Nuevo",
            "Padre",
            "Sin WAL",
            "Sin clave",
            "evil\n[backup]",
        )
    }
    assert "adds rows: production counts 90 inserts, 88 deletes" in reasons(result, f"{shop}Cola")
    assert "unlogged" in reasons(result, f"{shop}Sin WAL")
    assert "inherits" in reasons(result, f"{shop}Padre")
    assert f"are deleted with people: cuenta → {shop}Cuenta" in reasons(result, f"{shop}Cita")
    assert "contradict" in reasons(result, f"{shop}Ensayo")
    assert "exists on dev only" in reasons(result, f"{shop}Nuevo")
    assert "no primary key" in reasons(result, f"{shop}Sin clave")
    assert columns(result, proposed=True) == {(f"{shop}Artículo", "Ventas")}
    # Every price of Tarifa is larger on production, but dev changed them later; orden is larger by a fifth only.
    # No time of change stands beside it, so it is left to the owner.
    assert columns(result, proposed=False) == {('"a.b"."odd ""name"""', "visto")}
    assert set(foreign.toml) == {"dev", "prod", "tables"}
    compared = foreign.run("compare")
    assert compared.exit_code == 0, str(compared)
    assert {one["table"]: one["updated"] for one in compared.json["tables"]} == {
        f"{shop}Artículo": 1,
        f"{shop}Tarifa": 10,
        '"a.b"."odd ""name"""': 10,
    }


def test_a_copy_of_production_on_dev(new_pair: Callable[..., Pair], place: Place) -> None:
    """Where dev holds users' rows too, no user table becomes content."""
    pair = new_pair(set_up=False)
    lab = pair.lab
    # Production's database under both names would be the same database: a copy of it stands for dev.
    name = f"{pair.database}_copy"
    lab.create_database(Server.PROD, name, template=pair.database)
    copied = Place(place.directory, pair)
    env = {"EGROW_DEV_DSN": lab.on(name).admin_dsn(Server.PROD), "EGROW_PROD_DSN": lab.prod_admin_dsn}
    try:
        result = copied.init(env=env)
    finally:
        lab.drop_database(Server.PROD, name)
    assert result.exit_code == 0, str(result)
    found = classes(result)
    assert found["content"] <= CONTENT | {"public.resource_topics", "public.webinars"}
    assert found["content"] >= CONTENT
    assert not found["content"] & (USER | {"public.webinar_registrations", "public.security_logs"})
    assert columns(result, proposed=True) == set()


def test_the_owner_has_to_decide(foreign: Place, tmp_path: Path) -> None:
    """Nothing is content for certain: the file is written, and every later command says what is missing."""
    place = Place(tmp_path, foreign.pair)
    env = {"EGROW_DEV_DSN": place.urls["dev"], "EGROW_PROD_DSN": place.urls["prod"]}
    foreign.pair.prod_sql('ALTER TABLE "a.b"."odd ""name""" RENAME TO moved')
    foreign.pair.prod_sql('ALTER TABLE "Tienda Ñ"."Artículo" RENAME TO "Movido"')
    foreign.pair.prod_sql('ALTER TABLE "Tienda Ñ"."Tarifa" RENAME TO "Movida"')
    try:
        result = place.init(env=env)
    finally:
        foreign.pair.prod_sql('ALTER TABLE "a.b".moved RENAME TO "odd ""name"""')
        foreign.pair.prod_sql('ALTER TABLE "Tienda Ñ"."Movido" RENAME TO "Artículo"')
        foreign.pair.prod_sql('ALTER TABLE "Tienda Ñ"."Movida" RENAME TO "Tarifa"')
    assert result.exit_code == 0, str(result)
    assert classes(result)["content"] == set()
    assert "no table is content for certain" in " ".join(result.json["notes"])
    refused = place.run("compare", env=env)
    assert refused.exit_code == 2
    assert "content is empty" in refused.message


@pytest.mark.parametrize("what", ["table", "catalog", "counters"])
def test_permission_denied(pair: Pair, tmp_path: Path, what: str) -> None:
    """An answer for that, and a proposal from all the rest."""
    place = Place(tmp_path, pair)
    env = {"EGROW_DEV_DSN": place.urls["dev"], "EGROW_PROD_DSN": pair.lab.application_dsn}
    revoked = {
        "table": "REVOKE SELECT ON courses FROM academy_app",
        "catalog": "REVOKE SELECT ON pg_catalog.pg_constraint FROM PUBLIC",
        "counters": "REVOKE SELECT ON pg_catalog.pg_stat_user_tables FROM PUBLIC",
    }
    pair.prod_sql(revoked[what])
    result = place.init(env=env)
    assert result.exit_code == 0, str(result)
    notes = " ".join(result.json["notes"])
    assert "permission denied" in notes
    found = classes(result)
    if what == "table":
        assert "public.courses" in found["unclassified"]
        assert "public.resources" in found["content"]
    else:
        assert found["content"] >= CONTENT


def test_no_catalog_at_all(pair: Pair, tmp_path: Path) -> None:
    place = Place(tmp_path, pair)
    pair.prod_sql("REVOKE SELECT ON pg_catalog.pg_class FROM PUBLIC")
    result = place.init(env={"EGROW_DEV_DSN": place.urls["dev"], "EGROW_PROD_DSN": pair.lab.application_dsn})
    assert result.exit_code == 4, str(result)
    assert "permission denied for table pg_class" in result.message
    assert not place.file.exists()
