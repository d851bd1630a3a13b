"""Directories in which ``init`` is run, and a foreign schema for it to judge."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg import conninfo
from support.command import Result, run
from support.pair import Pair

#: Every sign that a password must survive.
NASTY = "p@ss:w/rd'%41 !#$x\"\\ñ"

#: A shop with names that need quotes, in two schemas; then what each side did with it.
FOREIGN = '''
CREATE SCHEMA "Tienda Ñ"; CREATE SCHEMA "a.b";
CREATE TABLE "Tienda Ñ"."Cuenta" ("Id" int PRIMARY KEY, "Correo" text NOT NULL UNIQUE, "Contrasena" text);
CREATE TABLE "Tienda Ñ"."Artículo" (
  "Id" int PRIMARY KEY, "Nombre" text NOT NULL, "Ventas" int NOT NULL DEFAULT 0, "Precio" numeric NOT NULL,
  "Cambiado" timestamptz NOT NULL, "Autor" int REFERENCES "Tienda Ñ"."Cuenta");
CREATE TABLE "a.b"."odd ""name""" (id int PRIMARY KEY, art int NOT NULL REFERENCES "Tienda Ñ"."Artículo", visto int,
  orden int NOT NULL DEFAULT 10);
CREATE TABLE "Tienda Ñ"."Tarifa" (id int PRIMARY KEY, precio int NOT NULL DEFAULT 10, cambiado timestamp);
CREATE TABLE "Tienda Ñ"."Pedido" (
  id int PRIMARY KEY, cuenta int NOT NULL REFERENCES "Tienda Ñ"."Cuenta",
  art int NOT NULL REFERENCES "Tienda Ñ"."Artículo", tarifa int REFERENCES "Tienda Ñ"."Tarifa");
CREATE TABLE "Tienda Ñ"."Ensayo" (id int PRIMARY KEY, autor int NOT NULL REFERENCES "Tienda Ñ"."Cuenta");
CREATE TABLE "Tienda Ñ"."Cita" (
  id int PRIMARY KEY, cuenta int NOT NULL REFERENCES "Tienda Ñ"."Cuenta" ON DELETE CASCADE,
  ensayo int NOT NULL REFERENCES "Tienda Ñ"."Ensayo", revisor int NOT NULL REFERENCES "Tienda Ñ"."Cuenta");
CREATE TABLE "Tienda Ñ"."Ajuste" (clave text PRIMARY KEY);
CREATE TABLE "Tienda Ñ"."Cola" (id int PRIMARY KEY);
CREATE TABLE "Tienda Ñ"."Sin clave" (n int);
CREATE UNLOGGED TABLE "Tienda Ñ"."Sin WAL" (id int PRIMARY KEY);
CREATE TABLE "Tienda Ñ"."Padre" (id int PRIMARY KEY);
CREATE TABLE "Tienda Ñ"."Hijo" (PRIMARY KEY (id)) INHERITS ("Tienda Ñ"."Padre");
CREATE VIEW "Tienda Ñ"."Vista" AS SELECT 1 AS id;
CREATE TABLE "Tienda Ñ"."evil
[backup]" (id int PRIMARY KEY);
INSERT INTO "Tienda Ñ"."Tarifa" SELECT n, 10, '2026-01-01' FROM generate_series(1, 10) AS n;
INSERT INTO "Tienda Ñ"."Cola" VALUES (1), (2);
INSERT INTO "Tienda Ñ"."Ajuste" VALUES ('a'), ('b');
INSERT INTO "Tienda Ñ"."Cuenta" SELECT n, 'c' || n || '@x.example', 'x' FROM generate_series(1, 20) AS n;
INSERT INTO "Tienda Ñ"."Artículo" SELECT n, 'Artículo ' || n, 0, 10, '2026-01-01', 1 FROM generate_series(1, 10) AS n;
INSERT INTO "a.b"."odd ""name""" SELECT n, n, 0 FROM generate_series(1, 10) AS n;
INSERT INTO "Tienda Ñ"."Ensayo" SELECT n, 1 FROM generate_series(1, 10) AS n;
'''
FOREIGN_DEV = """
CREATE TABLE "Tienda Ñ"."Nuevo" (id int PRIMARY KEY);
UPDATE "Tienda Ñ"."Artículo" SET "Precio" = 4, "Cambiado" = '2026-02-01' WHERE "Id" = 1;
UPDATE "Tienda Ñ"."Tarifa" SET precio = 4, cambiado = '2026-02-01';
"""
FOREIGN_PROD = '''
INSERT INTO "Tienda Ñ"."Cuenta" SELECT n, 'c' || n || '@x.example', 'x' FROM generate_series(21, 90) AS n;
INSERT INTO "Tienda Ñ"."Pedido" SELECT n, n, 1 + n % 10 FROM generate_series(1, 90) AS n;
INSERT INTO "Tienda Ñ"."Cita" SELECT n, n, 1 + n % 10, 1 FROM generate_series(1, 90) AS n;
UPDATE "Tienda Ñ"."Artículo" SET "Ventas" = 40 + "Id";
UPDATE "a.b"."odd ""name""" SET visto = 50, orden = 12;
INSERT INTO "Tienda Ñ"."Cola" SELECT n FROM generate_series(3, 90) AS n;
DELETE FROM "Tienda Ñ"."Cola" WHERE id > 2;
'''


class Place:
    """A directory with nothing in it but what a test puts there."""

    def __init__(self, directory: Path, pair: Pair) -> None:
        self.directory = directory
        self.pair = pair
        self.file = directory / "egrow-replica.toml"

    @property
    def urls(self) -> dict[str, str]:
        return {"dev": url(self.pair.lab.dev_admin_dsn), "prod": url(self.pair.lab.prod_admin_dsn)}

    def use_env_files(self, **more: str) -> None:
        """``.env`` and ``.env.production``, as a framework's tools write them."""
        for name, side in ((".env", "dev"), (".env.production", "prod")):
            (self.directory / name).write_text(f'DATABASE_URL="{self.urls[side] + more.get(side, "")}"\n')

    def init(self, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
        return run(["--json", "--yes", "init", *arguments], directory=self.directory, env=env)

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
        return run(["--json", "--yes", *arguments], directory=self.directory, env=env)

    @property
    def toml(self) -> dict[str, Any]:
        return tomllib.loads(self.file.read_text(encoding="utf-8"))


def url(dsn: str, **changed: str) -> str:
    """A connection string as a URL, password and user encoded."""
    parts = {**conninfo.conninfo_to_dict(dsn), **changed}
    login = f"{quote(str(parts['user']), safe='')}:{quote(str(parts['password']), safe='')}"
    return f"postgresql://{login}@{parts['host']}:{parts['port']}/{parts['dbname']}"


def classes(result: Result) -> dict[str, set[str]]:
    """Table names by proposal."""
    found: dict[str, set[str]] = {"content": set(), "user": set(), "unclassified": set()}
    for one in result.json["tables"]:
        assert one["reasons"], one
        found[one["proposal"]].add(one["table"])
    return found


def reasons(result: Result, table: str) -> str:
    (found,) = [one["reasons"] for one in result.json["tables"] if one["table"] == table]
    return "; ".join(found)


def columns(result: Result, *, proposed: bool) -> set[tuple[str, str]]:
    return {(one["table"], one["column"]) for one in result.json["production_columns"] if one["proposed"] is proposed}
