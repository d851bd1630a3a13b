"""Ending a hold when its time is over, whatever the controller is doing then."""

from __future__ import annotations

import threading

from egrow_replica.errors import EgrowError
from egrow_replica.window.hold.keep import release
from egrow_replica.window.hold.model import Hold
from egrow_replica.window.listener import Listener
from egrow_replica.window.servers import Servers

TIME_IS_OVER = "its time was over"


class HoldClock:
    """Releases a hold on a connection of its own when its time is over, unless it is stopped before.

    What the hold was for goes on: its evidence then rests on something weaker, and says why.
    """

    def __init__(self, servers: Servers, hold: Hold, listener: Listener) -> None:
        self._servers = servers
        self._hold = hold
        self._listener = listener
        self._timer = threading.Timer(max(0.0, hold.seconds_left), self._release)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Release no more; a release that is under way is waited for."""
        self._timer.cancel()
        self._timer.join()

    def _release(self) -> None:
        try:
            release(self._servers, self._hold, TIME_IS_OVER)
        except EgrowError as error:
            if error.code != "not-held":
                self._listener.say(f"warning: the hold's time is over, and it could not be released: {error.message}")
            return
        self._listener.say(f"warning: the hold's time is over: writes of {', '.join(self._hold.names)} are released")
