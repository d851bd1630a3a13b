"""The lab's servers as a person reads them."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from egrow_replica.cli.language import tr
from egrow_replica.cli.units import size_text
from egrow_replica.lab.status import LabStatus


def show_lab(console: Console, lab: LabStatus) -> None:
    """Where the lab is, how its servers are, and the configuration that leads to them."""
    line = _state(lab).format(directory=lab.directory)
    console.print(line, highlight=False, soft_wrap=True, markup=False)
    if _is_gone(lab):
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in (tr("server"), tr("address"), tr("version"), tr("database"), tr("data")):
        table.add_column(header, overflow="fold")
    for one in lab.servers:
        version = escape(one.version) if one.running else f"[red]{tr('does not answer')}[/]"
        table.add_row(one.server.value, escape(one.address), version, escape(one.database), size_text(one.data_bytes))
    console.print(table)
    line = tr("configuration: {path}").format(path=lab.config_path)
    console.print(line, highlight=False, soft_wrap=True, markup=False)


def _is_gone(lab: LabStatus) -> bool:
    """Whether it was stopped, which says how its servers were before."""
    return not lab.running and all(one.running for one in lab.servers)


def _state(lab: LabStatus) -> str:
    if _is_gone(lab):
        return tr("lab {directory}: stopped and removed")
    if not lab.running:
        return tr("lab {directory}: a server does not answer")
    return tr("lab {directory}: on servers that were there") if lab.external else tr("lab {directory}: running")
