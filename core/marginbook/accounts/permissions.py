"""
Who else can read, change or replace the files that secrets stand in.

Modes and owners are looked at, on POSIX systems. Access control lists, shares and Windows are not.
"""

from __future__ import annotations

import os
import shlex
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from marginbook.accounts.account import Account

#: False where a file's mode says nothing of who can read it.
MODES_COUNT: Final = os.name == "posix"

_ROOT: Final = 0
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def findings(file: Path | None, accounts: Iterable[Account]) -> Iterator[tuple[str, str]]:
    """
    Look at an accounts file and at every file that its accounts read secrets from. No secret is looked up.

    Args:
        file: The accounts file, if there is one. That others can read it matters if a secret stands in it; that they
            can change it always does, since they could lead a secret to a server of theirs.

        accounts: The accounts in it.

    Yields:
        The name of the account, or "" for the accounts file itself, and what `exposure` says.

    """
    accounts = tuple(accounts)
    literal = any(secret.scheme == "literal" for account in accounts for secret in account.credentials.values())
    places = [("", file, literal)] if file else []
    for account in accounts:
        # Key and secret may stand in one file.
        files = dict.fromkeys(path for secret in account.credentials.values() for path in secret.files)
        places += [(account.name, path, True) for path in files]
    for name, path, secret in places:
        if sentence := exposure(path, secret=secret):
            yield name, sentence


def exposure(path: Path, *, secret: bool = True, user: int | None = None) -> str:
    """
    Say who but the user and root can read, change or replace a file, with the commands that help, or "".

    "" as well where nobody can tell: the file is not there, or the system is Windows.

    Args:
        path: The file. A symbolic link is followed, and who can replace the link is looked at too.

        secret: False if others may read it, and only changes are looked at.

        user: Whose file it should be, as a user id. The effective user of this process, unless given.

    """
    if not MODES_COUNT:
        return ""
    user = os.geteuid() if user is None else user
    try:
        real = path.resolve(strict=True)
        # A link may be replaced where it stands, and its target where that stands.
        folders = dict.fromkeys([*real.parents, *path.absolute().parents])
        return " ".join([*_file(real, user, secret=secret), *(s for f in folders for s in _folder(f, real, user))])
    # A loop of links is a RuntimeError up to Python 3.12.
    except (OSError, RuntimeError):
        return ""


def _file(path: Path, user: int, *, secret: bool) -> Iterator[str]:
    status = path.stat()
    quoted = shlex.quote(str(path))
    # Whoever reads a file of root's through its group would lose it with the mode alone.
    claim = "" if status.st_uid == user else f"sudo chown {user} {quoted}"
    if status.st_uid not in {_ROOT, user}:
        yield f"{path} belongs to {_owner(path)}, who can read and change it. Run `{claim}`."
    if status.st_mode & (_OTHERS if secret else _OTHERS_WRITE):
        command = f"chmod {'600' if secret else 'go-w'} {quoted}"
        yield (
            f"{path} is open to others than its owner (mode {stat.S_IMODE(status.st_mode):o}). "
            f"Run `{' && '.join(filter(None, [claim, command]))}`."
        )


def _folder(folder: Path, file: Path, user: int) -> Iterator[str]:
    status = folder.stat()
    if status.st_uid not in {_ROOT, user}:
        yield f"The folder {folder} belongs to {_owner(folder)}, who can replace {file}. Use a folder of your own."
    # In a sticky folder such as /tmp, everybody can write, but only move what is theirs.
    if status.st_mode & _OTHERS_WRITE and not status.st_mode & stat.S_ISVTX:
        sudo = "" if status.st_uid == user else "sudo "
        yield (
            f"Others can write to the folder {folder} (mode {stat.S_IMODE(status.st_mode):o}), and so replace {file}. "
            f"Run `{sudo}chmod go-w {shlex.quote(str(folder))}`."
        )


def _owner(path: Path) -> str:
    try:
        return path.owner()
    # A user of another machine, or of a container.
    except KeyError:
        return f"user {path.stat().st_uid}"
