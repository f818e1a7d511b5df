"""
Rate limits that several processes of one machine keep together, with pyrate-limiter in an SQLite file.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from marginbook.limits import Limit

#: The environment variable that names the file.
SHARED_LIMITS: Final = "MARGINBOOK_SHARED_LIMITS"

#: Seconds that a request may be on its way. What one process sent is counted from its sending by the others.
_WAY: Final = 10


class SharedLimits:
    """
    What all processes that use the same file have spent.

    Args:
        path: The file. It is made if it is not there.

    Raises:
        ConfigurationError: pyrate-limiter is not installed.

    """

    def __init__(self, path: str) -> None:
        try:
            # An extra: most people run one process at a time.
            import sqlite3  # noqa: PLC0415  # part of Python, but not of every report

            import filelock  # noqa: F401, PLC0415  # what pyrate-limiter locks the file with
            import pyrate_limiter  # noqa: PLC0415
        except ImportError:
            msg = f"{SHARED_LIMITS} needs the package pyrate-limiter."
            raise ConfigurationError(msg, hint="pip install 'marginbook[shared-limits]'") from None
        self._library: Any = pyrate_limiter
        self._sqlite = sqlite3
        self._path = path
        self._buckets: dict[tuple[str, int], Any] = {}
        self._lock = threading.Lock()
        # Python 3.13 complains of connections that nobody closed.
        weakref.finalize(self, _close, self._buckets)

    def spend(self, name: str, limit: Limit, cost: int, milliseconds: int) -> float:
        """
        Spend *cost* if the limit allows it now; otherwise return the seconds until it may.

        Args:
            name: What is limited: a host and one of its limits, or a key's.

            limit: So much weight in so many seconds.

            cost: Weight to spend.

            milliseconds: The local time, which all processes have in common.

        Raises:
            ConfigurationError: The file cannot be used.

        """
        try:
            with self._lock:
                bucket = self._bucket(name, limit)
                # Without the name: it may hold the address of a proxy, with a password in it.
                item = self._library.RateItem("", milliseconds, cost)
                bucket.leak(milliseconds)
                if bucket.put(item):
                    return 0.0
                wait = bucket.waiting(item) / 1000
                # Negative where the limit is less than a single request costs.
                return wait if wait > 0 else limit.seconds
        except (OSError, self._sqlite.Error) as error:
            msg = f"The file {self._path} of shared rate limits cannot be used ({type(error).__name__})."
            raise ConfigurationError(msg, hint=f"Let {SHARED_LIMITS} name a file that this user may write.") from None

    def _bucket(self, name: str, limit: Limit) -> Any:
        table = f"limit_{hashlib.blake2b(name.encode(), digest_size=12).hexdigest()}"
        if (table, limit.weight) not in self._buckets:
            # The library would leave the connection open to a file that is no database.
            with contextlib.closing(self._sqlite.connect(self._path)) as trial:
                trial.execute("PRAGMA schema_version")
            rate = self._library.Rate(limit.weight, int((limit.seconds + _WAY) * 1000))
            self._buckets[table, limit.weight] = self._library.SQLiteBucket.init_from_file(
                [rate], table=table, db_path=self._path, use_file_lock=True
            )
        return self._buckets[table, limit.weight]


def _close(buckets: dict[tuple[str, int], Any]) -> None:
    for bucket in buckets.values():
        bucket.close()


def shared_limits(environ: Mapping[str, str] = os.environ) -> SharedLimits | None:
    """
    Return the limits that the environment wants to be shared, or None.

    Raises:
        ConfigurationError: See `SharedLimits`.

    """
    path = environ.get(SHARED_LIMITS)
    # A connection does not survive a fork.
    return _open(str(Path(path).absolute()), os.getpid()) if path else None


@functools.cache
def _open(path: str, _process: int) -> SharedLimits:
    return SharedLimits(path)
