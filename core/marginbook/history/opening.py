"""
Where a history is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import URL

    from marginbook.history.store import Store

#: Where the environment says which history is meant.
ENVIRONMENT: Final = "MARGINBOOK_HISTORY"

#: What the file is called, where nobody says.
FILE: Final = "history.sqlite"

_EXAMPLES: Final = "Write a path, or postgresql://user@host/database. The password can be in PGPASSWORD or ~/.pgpass."


def open_store(url_or_path: str | os.PathLike[str] | None = None) -> Store:
    """
    Return the history at a path, or at the URL of a PostgreSQL database, to be used in a ``with`` statement.

    Nothing is connected or made yet: the first report that is saved makes the file and the tables.

    Args:
        url_or_path: The path of an SQLite file, ``sqlite:///PATH``, or ``postgresql://user@host/database``. Otherwise
            what the environment variable MARGINBOOK_HISTORY says; otherwise a file in the user's data folder.

    Raises:
        ConfigurationError: A package is missing, or this is no place for a history.

    """
    try:
        # Extras that only their users pay for.
        import platformdirs  # noqa: PLC0415
        from sqlalchemy import URL  # noqa: PLC0415
    except ImportError:
        msg = "A history needs the packages SQLAlchemy and platformdirs."
        raise ConfigurationError(msg, hint="pip install 'marginbook[history]'") from None
    from marginbook.history.store import Store  # noqa: PLC0415  # likewise

    named = os.fspath(url_or_path) if url_or_path else os.environ.get(ENVIRONMENT, "")
    default = platformdirs.user_data_path("marginbook", appauthor=False) / FILE
    if "://" not in named:
        path = Path(named).expanduser().absolute() if named else default
        return Store(URL.create("sqlite", database=os.fspath(path)))
    return Store(_url(named))


def _url(written: str) -> URL:
    """
    Read a URL, and repeat no part of it in an error: a password that is not escaped could be anywhere.
    """
    from sqlalchemy import make_url  # noqa: PLC0415  # see open_store
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415  # likewise

    try:
        url = make_url(re.sub("^postgres:", "postgresql:", written))
    except (ArgumentError, ValueError):
        url = None
    if url is None or "@" in f"{url.host}{url.database}":
        msg = "The URL of the history cannot be read."
        raise ConfigurationError(msg, hint=f"In a user or a password, write @ as %40. {_EXAMPLES}")
    match url.get_backend_name():
        case "sqlite":
            return _file(url)
        case "postgresql":
            return _server(url)
    msg = "A history is in SQLite or PostgreSQL, and in no other database."
    raise ConfigurationError(msg, hint=_EXAMPLES)


def _file(url: URL) -> URL:
    if not url.database or url.database == ":memory:" or url.query or url.host:
        msg = "The URL of the history names no file that would last."
        raise ConfigurationError(msg, hint="Write it as sqlite:///history.sqlite, or sqlite:////folder/history.sqlite.")
    return url.set(drivername="sqlite", database=os.path.abspath(url.database))  # noqa: PTH100  # a text in and out


def _server(url: URL) -> URL:
    try:
        import psycopg  # noqa: F401, PLC0415  # an extra that only its users pay for
    except ImportError:
        msg = "A history in PostgreSQL needs the package psycopg."
        raise ConfigurationError(msg, hint="pip install 'marginbook[postgresql]'") from None
    return url.set(drivername="postgresql+psycopg")
