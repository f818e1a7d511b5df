"""
What only the machine can give: time, sleep, chance, and a way out. A simulation brings its own.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from attrs import field, frozen
from requests.adapters import BaseAdapter

from marginbook.errors import ConfigurationError
from marginbook.transport.hosts import Hosts
from marginbook.transport.pools import adapter


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


@frozen(eq=False, repr=False)
class Machine:
    """
    The surroundings of every request, and what was learned of the hosts that it talks to.

    Nothing in marginbook reads a clock, sleeps, or draws a random number in another way.

    Args:
        milliseconds: The local clock: milliseconds since 1970, which may be hours off.

        monotonic: Seconds that pass, from any beginning.

        sleep: Waits so many seconds.

        random: A number from 0 up to 1, for how long to wait before a retry.

        pool: Makes what carries the requests, for so many workers.

    """

    milliseconds: Callable[[], int] = _milliseconds
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    pool: Callable[[int], BaseAdapter] = adapter
    #: Clocks, rate limits and bans outlive a report: the venues remember as well.
    hosts: Hosts = field(factory=Hosts, init=False)

    def now(self) -> datetime:
        """
        Return the local time, in UTC.
        """
        return datetime.fromtimestamp(self.milliseconds() / 1000, UTC)

    def __reduce__(self) -> tuple[object, tuple[()]]:
        if self is not MACHINE:
            msg = "A machine of one's own does not travel to other processes."
            raise ConfigurationError(msg, hint="Use threads with it.")
        # At the other end is another one.
        return _this, ()


#: The one that this process runs on.
MACHINE: Final = Machine()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=MACHINE.hosts.forget)


def _this() -> Machine:
    return MACHINE
