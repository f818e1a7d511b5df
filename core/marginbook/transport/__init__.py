"""
How requests leave the machine: one pool of connections, clocks and limits for each host, time-outs, and a deadline.
"""

from marginbook.transport.deadline import Deadline
from marginbook.transport.documents import Documents
from marginbook.transport.hosts import Host
from marginbook.transport.machine import MACHINE, Machine
from marginbook.transport.memories import Memory
from marginbook.transport.pools import adapter
from marginbook.transport.session import Line, Session
from marginbook.transport.shared import SHARED_LIMITS, shared_limits
from marginbook.transport.statuses import explain
from marginbook.transport.surroundings import surroundings

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
