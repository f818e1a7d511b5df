"""
The places where secrets are kept, and how each is read.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from marginbook.accounts.hidden import Hidden
from marginbook.errors import ConfigurationError, CredentialsError
from marginbook.methods import equal, shown

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds that a command may take to print a secret: long enough for somebody to touch a security key.
COMMAND_TIMEOUT: Final = 60

#: What the name of a kind of reference is made of.
_SCHEME: Final = f"{ascii_letters}{digits}_+-"


class AbsentError(CredentialsError):
    """
    A place was looked at, and there is no secret in it.
    """


@frozen
class Reference:
    """
    One reference to a secret, or a secret itself.

    Args:
        scheme: Which kind it is, or "" for a secret itself.

        rest: What stands after the colon, or the secret.

    """

    scheme: str
    rest: str = field(repr=False, converter=Hidden)

    __repr__ = shown
    __eq__ = equal

    def __hash__(self) -> int:
        # As with a Secret.
        return hash((self.scheme, self.rest))

    @property
    def text(self) -> str:
        """
        The reference as it is written.
        """
        return f"{self.scheme}:{self.rest}" if self.scheme else self.rest

    @property
    def place(self) -> str:
        """
        Where it leads to, for people: never a secret, nor the arguments of a command, which may hold one.
        """
        return _PLACES[self.scheme](self.rest)

    @property
    def file(self) -> Path | None:
        """
        The file that it leads to, or None if it leads elsewhere or to a home folder that does not exist.
        """
        try:
            return _path(self.rest) if self.scheme == "file" else None
        except RuntimeError:
            return None

    def read(self) -> str:
        """
        Look the secret up.

        Raises:
            AbsentError: The place has none.

            CredentialsError: The place cannot be looked at.

        """
        return _READERS[self.scheme](self.rest)

    def below(self, folder: Path) -> Reference:
        """
        Read the path of a ``file:`` reference as relative to *folder*.
        """
        # A home folder is found when the file is.
        if self.scheme == "file" and not self.rest.startswith("~"):
            return Reference("file", str(folder / self.rest))
        return self


def parse(written: object) -> Reference:
    """
    Read what an account says of a secret.

    Raises:
        ConfigurationError: It is no text, or its kind is not known. The text never repeats what was written.

    """
    if not isinstance(written, str):
        msg = f"A secret or a reference to one is text, not a {type(written).__name__}."
        raise ConfigurationError(msg, hint="Put it in quotes.")
    scheme, colon, rest = written.partition(":")
    if not (colon and _is_scheme(scheme)):
        return Reference("", written)
    if scheme not in _READERS:
        known = ", ".join(f"{scheme}:" for scheme in _READERS if scheme)
        # What stands around the colon may be a secret.
        msg = "What stands before the colon is not a kind of reference to a secret."
        raise ConfigurationError(msg, hint=f"Use one of {known}; a secret with a colon in it goes into one of these.")
    return Reference(scheme, rest)


def _is_scheme(text: str) -> bool:
    # Not by a pattern, which takes longer to compile than all that a process asks of it.
    return len(text) > 1 and text[0] in ascii_letters and not text.strip(_SCHEME)


def _literal(secret: str) -> str:
    return secret


def _env(name: str) -> str:
    if name not in os.environ:
        msg = f"The environment variable {name} is not set."
        raise AbsentError(msg, hint=f"Set {name}, or refer to another place.")
    return os.environ[name]


def _path(path: str) -> Path:
    return Path(path).expanduser().absolute()


def _file(path: str) -> str:
    kind: type[CredentialsError] = CredentialsError
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError as error:
        kind, reason = AbsentError, error.strerror
    except OSError as error:
        reason = error.strerror
    except RuntimeError:
        kind, reason = AbsentError, "there is no such home folder"
    except ValueError:
        reason = "it is not UTF-8 text"
    # Out here, since an error of the codec holds the whole file: it may not even be the context of ours.
    msg = f"The file {path} cannot be read: {reason}."
    raise kind(msg, hint="Correct the path or the permissions.")


def _words(command: str) -> list[str]:
    # Few secrets are printed by commands.
    import shlex  # noqa: PLC0415

    try:
        return shlex.split(command)
    except ValueError:
        return []


def _program(command: str) -> str:
    # A first word with more in it is a mistake in quoting, or a variable set as in a shell: the rest may be a secret.
    return re.split(r"[\s=]", _words(command)[0], maxsplit=1)[0]


def _cmd(command: str) -> str:
    if not _words(command):
        msg = "The command is empty, or its quotes do not match."
        raise CredentialsError(msg, hint="Write it as cmd:PROGRAM ARGUMENT ….")
    trouble, printed = _run(command)
    if trouble:
        msg = f"The command {_program(command)!r} {trouble}."
        raise CredentialsError(msg, hint="Run it by hand to see what it says.")
    return printed


def _run(command: str) -> tuple[str, str]:
    """
    Return what is wrong, or "", and what the command printed.

    Nothing is raised here, where the arguments are, and what was printed in vain: both may hold a secret.
    """
    import subprocess  # noqa: PLC0415  # see _words

    try:
        # The command is the user's own, from the user's own file.
        done = subprocess.run(  # noqa: S603
            _words(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            timeout=COMMAND_TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return f"cannot be run ({type(error).__name__})", ""
    return (f"ended with status {done.returncode}", "") if done.returncode else ("", done.stdout.rstrip("\r\n"))


def _keyring(place: str) -> str:
    try:
        # An extra, and 57 ms that only its users should pay.
        import keyring  # noqa: PLC0415
    except ImportError:
        msg = "A keyring: reference needs the package keyring."
        raise CredentialsError(msg, hint="pip install 'marginbook[keyring]'") from None
    service, _, name = place.rpartition("/")
    trouble = ""
    try:
        secret = keyring.get_password(service, name)
    # Each key store raises errors of its own, and not all of them are keyring's.
    except Exception as error:  # noqa: BLE001
        trouble = type(error).__name__
    # Out here, since nobody knows what such an error holds.
    if trouble:
        msg = f"The key store cannot be asked for {place} ({trouble})."
        raise CredentialsError(msg, hint="Unlock it, or refer to another place.")
    if secret is None:
        import shlex  # noqa: PLC0415  # see _words

        msg = f"The key store has nothing under {place}."
        raise AbsentError(msg, hint=f"keyring set {shlex.quote(service)} {shlex.quote(name)}")
    return secret


_READERS: Final[dict[str, Callable[[str], str]]] = {
    "": _literal,
    "env": _env,
    "file": _file,
    "cmd": _cmd,
    "keyring": _keyring,
}

_PLACES: Final[dict[str, Callable[[str], str]]] = {
    "": lambda _: "written out in the accounts",
    "env": "env:{}".format,
    "file": lambda path: f"file:{_path(path)}",
    "cmd": lambda command: f"cmd:{_program(command)} …",
    "keyring": "keyring:{}".format,
}
