"""All set-ups."""

from __future__ import annotations

from setups_servers import SERVERS
from setups_texts import TEXTS
from setups_triggers import TRIGGERS
from setups_types import COLUMN_TYPES

SET_UPS = [*TRIGGERS, *COLUMN_TYPES, *TEXTS, *SERVERS]
BY_NAME = {set_up.name: set_up for set_up in SET_UPS}
