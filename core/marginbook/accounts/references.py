"""
References to secrets, and their resolution at the last moment.

======================  =======================================================================
``env:NAME``            the environment variable *NAME*
``file:PATH``           the whole text of a file, without a line end at its end
``cmd:COMMAND``         what a command prints, likewise; it is split as a shell would, and run without one
``keyring:SERVICE/KEY`` the system's key store (extra: ``keyring``)
anything else           the secret itself; convenient for trying things out, refused by pickle
======================  =======================================================================
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import Attribute, field, frozen

from marginbook.errors import ConfigurationError, CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Seconds that a command may take to print a secret: long enough for somebody to touch a security key.
COMMAND_TIMEOUT: Final = 60

_SCHEME: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9_+-]+):(?P<place>.*)", re.DOTALL)


@frozen
class Secret:
    """
    A secret or a reference to one. Nothing shows it, and what holds a secret itself cannot be pickled.
    """

    _written: str = field(repr=False)

    @_written.validator
    def _check_written(self, _: Attribute[str], written: object) -> None:
        if not isinstance(written, str):
            msg = f"A secret or a reference to one is text, not a {type(written).__name__}."
            raise ConfigurationError(msg, hint="Put it in quotes.")
        match = _SCHEME.fullmatch(written)
        if match and match["scheme"] not in _RESOLVERS:
            known = ", ".join(f"{scheme}:" for scheme in _RESOLVERS)
            # What stands around the colon may be a secret.
            msg = "What stands before the colon is not a kind of reference to a secret."
            raise ConfigurationError(
                msg, hint=f"Use one of {known}; a secret with a colon in it goes into one of these."
            )

    @property
    def scheme(self) -> str:
        """
        Which kind of reference it is, or "literal" for a secret that stands there itself.
        """
        match = _SCHEME.fullmatch(self._written)
        return match["scheme"] if match else "literal"

    def reveal(self) -> str:
        """
        Look the secret up.

        Raises:
            CredentialsError: It is not there. The text names the reference, never what was found.

        """
        match = _SCHEME.fullmatch(self._written)
        secret = _RESOLVERS[match["scheme"]](match["place"]) if match else self._written
        if not secret.strip():
            msg = f"The {self.scheme} reference leads to an empty secret."
            raise CredentialsError(msg, hint="Put the secret there.")
        return secret

    def below(self, folder: Path) -> Secret:
        """
        Read the path of a ``file:`` reference as relative to *folder*.
        """
        match = _SCHEME.fullmatch(self._written)
        # A home folder is found when the file is.
        if match and match["scheme"] == "file" and not match["place"].startswith("~"):
            return Secret(f"file:{folder / match['place']}")
        return self

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        if self.scheme == "literal":
            msg = "A secret does not travel to other processes."
            raise ConfigurationError(msg, hint="Give the account a reference such as env:NAME or file:PATH.")
        return Secret, (self._written,)


def resolve(credentials: Mapping[str, Secret]) -> dict[str, str]:
    """
    Look up every secret of an account.

    Raises:
        CredentialsError: One of them is not there. The text says which.

    """
    found = {}
    for name, secret in credentials.items():
        try:
            found[name] = secret.reveal()
        except CredentialsError as error:
            msg = f"{name}: {error.message}"
            raise CredentialsError(msg, hint=error.hint) from None
    return found


def _env(name: str) -> str:
    if name not in os.environ:
        msg = f"The environment variable {name} is not set."
        raise CredentialsError(msg, hint=f"Set {name}, or refer to another place.")
    return os.environ[name]


def _file(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        reason = error.strerror
    except RuntimeError:
        reason = "there is no such home folder"
    except ValueError:
        reason = "it is not UTF-8 text"
    # Out here, since an error of the codec holds the whole file: it may not even be the context of ours.
    msg = f"The file {path} cannot be read: {reason}."
    raise CredentialsError(msg, hint="Correct the path or the permissions.")


def _cmd(command: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        msg = "The command is empty, or its quotes do not match."
        raise CredentialsError(msg, hint="Write it as cmd:PROGRAM ARGUMENT ….")
    try:
        # The command is the user's own, from the user's own file.
        done = subprocess.run(  # noqa: S603
            words, stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True, timeout=COMMAND_TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        trouble = f"cannot be run ({type(error).__name__})"
    else:
        if not done.returncode:
            return done.stdout.rstrip("\r\n")
        trouble = f"ended with status {done.returncode}"
    # Neither the arguments nor what it printed, nor as the context of ours: both may hold a secret.
    msg = f"The command {words[0]!r} {trouble}."
    raise CredentialsError(msg, hint="Run it by hand to see what it says.")


def _keyring(place: str) -> str:
    try:
        # An extra, and 57 ms that only its users should pay.
        import keyring  # noqa: PLC0415
    except ImportError:
        msg = "A keyring: reference needs the package keyring."
        raise CredentialsError(msg, hint="pip install 'marginbook[keyring]'") from None
    service, _, name = place.rpartition("/")
    try:
        secret = keyring.get_password(service, name)
    except keyring.errors.KeyringError as error:
        msg = f"The key store cannot be asked for {place} ({type(error).__name__})."
        raise CredentialsError(msg, hint="Unlock it, or refer to another place.") from None
    if secret is None:
        msg = f"The key store has nothing under {place}."
        raise CredentialsError(msg, hint=f"keyring set {shlex.quote(service)} {shlex.quote(name)}")
    return secret


_RESOLVERS: Final[dict[str, Callable[[str], str]]] = {"env": _env, "file": _file, "cmd": _cmd, "keyring": _keyring}
