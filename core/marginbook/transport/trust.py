"""
Whose certificates are trusted: one TLS context for each bundle of CA certificates.

requests reads the bundle anew for each connection, which takes longer than all else about it.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from requests.adapters import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

if TYPE_CHECKING:
    import ssl

#: The last context of each bundle, and the bundle's size and time then.
_contexts: Final[dict[Path, tuple[tuple[int, int], ssl.SSLContext]]] = {}

#: Threads that open their first connections together wait for one of them.
_LOCK: Final = threading.Lock()

# See hosts.py.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


def trusting(bundle: str | bool) -> ssl.SSLContext:  # noqa: FBT001  # as requests has it
    """
    Return a context that trusts the CA certificates of a bundle.

    Args:
        bundle: A file, a folder as OpenSSL reads it, or True for those that come with requests.

    Raises:
        OSError: There is no such file or folder, or no certificate in it.

    """
    path = Path(DEFAULT_CA_BUNDLE_PATH if bundle is True else str(bundle))
    with _LOCK:
        found = path.stat()
        # Who asks for months may be given other certificates in the meantime.
        stamp = found.st_size, found.st_mtime_ns
        if path not in _contexts or _contexts[path][0] != stamp:
            _contexts[path] = stamp, _load(path)
        return _contexts[path][1]


def _load(path: Path) -> ssl.SSLContext:
    context = create_urllib3_context()
    folder = path.is_dir()
    context.load_verify_locations(cafile=None if folder else path, capath=path if folder else None)
    return context
