"""
How requests leave the machine: one pool of connections, time-outs, and a deadline.
"""

from marginbook.transport.deadline import Deadline
from marginbook.transport.documents import Documents
from marginbook.transport.session import Session, adapter
from marginbook.transport.statuses import explain

__all__ = ["Deadline", "Documents", "Session", "adapter", "explain"]
