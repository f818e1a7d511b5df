"""
Reports that were saved, and what they were read from: an append-only database, chained by hash.

SQLAlchemy is imported when a history is opened, and not before.
"""

from marginbook.history.opening import open_store
from marginbook.history.snapshot import Entry, Point, Problem, Snapshot

__all__ = ["Entry", "Point", "Problem", "Snapshot", "open_store"]
