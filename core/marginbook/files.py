"""
Writes a file whole, or leaves the one that was there.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from marginbook.errors import ConfigurationError, UnwrittenError

#: Amounts are nobody else's business, so a new file is for its owner alone.
_PRIVATE = 0o600


def writable(path: Path) -> Path:
    """
    Return where a file is to be written: *path*, or what it is a symbolic link to.

    Raises:
        ConfigurationError: It is a folder or a device, or its folder is not there or takes no files.

    """
    try:
        # Unlike Path.resolve, it does the same in all versions of Python where a link leads to itself.
        target = Path(os.path.realpath(path))
        problem = _problem(target)
    except ValueError as error:
        problem = f"cannot be a file: {error}"
    if problem:
        msg = f"{path} {problem}."
        raise ConfigurationError(msg, hint="Name a file in a folder that is there and that you can write to.")
    return target


def _problem(target: Path) -> str:
    if target.is_dir():
        return "is a folder"
    if target.is_symlink():
        return "is a link that leads to itself"
    if target.exists() and not target.is_file():
        return "is no file, but a device or the like, which nothing can take the place of"
    if not target.parent.is_dir():
        return "cannot be written: its folder is not there"
    return "" if os.access(target.parent, os.W_OK | os.X_OK) else "cannot be written: its folder takes no files"


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """
    Write *content* to a file in one step: whoever reads it finds the old file or the new one, and never a part.

    It is written beside the file, brought to the disk, and then takes the file's place. A new file can be read by its
    owner alone (mode 0600); one that was there keeps its mode.

    Raises:
        ConfigurationError: The path is a folder or a device, or its folder is not there or takes no files.

        UnwrittenError: The disk is full, or fails. What was there is as it was.

    """
    target = writable(Path(path))
    try:
        _replace(target, content)
    except OSError as error:
        msg = f"{target} could not be written: {error.strerror}."
        raise UnwrittenError(msg, hint="What was there before is as it was.") from None


def _replace(target: Path, content: bytes) -> None:
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else _PRIVATE
    # In the same folder, since only within one file system is the last step a single one.
    handle, name = tempfile.mkstemp(prefix=".marginbook-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)  # noqa: PTH101  # the name is a text here
        os.replace(name, target)  # noqa: PTH105  # likewise
    except BaseException:
        # Whatever stopped it, Ctrl-C included, nothing of it stays.
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108  # likewise
        raise
    _settle(target.parent)


def _settle(folder: Path) -> None:
    """
    Bring the new name to the disk as well, where the system can.
    """
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
