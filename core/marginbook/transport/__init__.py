"""
How requests leave the machine: one pool of connections, clocks and limits for each host, time-outs, and a deadline.
"""

from functools import partial
from typing import TYPE_CHECKING

from marginbook.late import find
from marginbook.transport.deadline import Deadline
from marginbook.transport.hosts import Host
from marginbook.transport.machine import MACHINE, Machine
from marginbook.transport.pools import adapter
from marginbook.transport.session import Line, Session
from marginbook.transport.surroundings import surroundings

if TYPE_CHECKING:
    from marginbook.transport.documents import Documents
    from marginbook.transport.memories import Memory
    from marginbook.transport.shared import SHARED_LIMITS, shared_limits
    from marginbook.transport.statuses import explain
else:
    # Most reports go without these.
    __getattr__ = partial(
        find,
        __name__,
        {
            "Documents": "marginbook.transport.documents",
            "Memory": "marginbook.transport.memories",
            "SHARED_LIMITS": "marginbook.transport.shared",
            "shared_limits": "marginbook.transport.shared",
            "explain": "marginbook.transport.statuses",
        },
    )

__all__ = [
    "MACHINE",
    "SHARED_LIMITS",
    "Deadline",
    "Documents",
    "Host",
    "Line",
    "Machine",
    "Memory",
    "Session",
    "adapter",
    "explain",
    "shared_limits",
    "surroundings",
]
