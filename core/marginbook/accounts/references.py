"""
References to secrets, and their resolution at the last moment.

======================  =======================================================================
``env:NAME``            the environment variable *NAME*
``file:PATH``           the whole text of a file, without a line end at its end
``cmd:COMMAND``         what a command prints, likewise; it is split as a shell would, and run without one
``keyring:SERVICE/KEY`` the system's key store (extra: ``keyring``)
anything else           the secret itself; convenient for trying things out, refused by pickle
======================  =======================================================================

A list of references is tried in its order. A place that has no secret leads to the next one; a place that cannot be
looked at is an error, since the secret after it may be another account's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from attrs import field, frozen

from marginbook.accounts.hidden import Hidden, stay
from marginbook.accounts.places import AbsentError, Reference, parse
from marginbook.errors import ConfigurationError, CredentialsError
from marginbook.methods import equal, hashed, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@frozen
class Found:
    """
    A secret, and where it was. It shows the place alone, and cannot be pickled.

    Args:
        secret: What was found. Its repr does not show it, so that no crash report does.

        place: ``env:NAME``, ``file:PATH`` with the whole path, ``keyring:SERVICE/KEY``, ``cmd:PROGRAM …`` without the
            arguments, or "written out in the accounts".

    """

    secret: str = field(repr=False)
    place: str

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed

    def __reduce__(self) -> NoReturn:
        stay()


def _references(written: str | Sequence[str]) -> tuple[Reference, ...]:
    if not isinstance(written, list | tuple):
        return (parse(written),)
    references = tuple(parse(text) for text in written)
    if not references:
        msg = "A list of references to a secret has nothing in it."
        raise ConfigurationError(msg, hint="Give it references such as env:NAME or file:PATH.")
    if not all(reference.scheme for reference in references):
        msg = "A list of references has a secret itself in it, which would always be the one that is used."
        raise ConfigurationError(msg, hint="Give it references such as env:NAME or file:PATH, and nothing else.")
    return references


@frozen
class Secret:
    """
    A secret, a reference to one, or a list of references. Nothing shows it, and a secret itself cannot be pickled.
    """

    _references: tuple[Reference, ...] = field(converter=_references, repr=False)

    __repr__ = shown
    __eq__ = equal

    def __hash__(self) -> int:
        # Each account's are compared with those of all others.
        return hash(self._references)

    @property
    def scheme(self) -> str:
        """
        Which kind of reference it is, "literal" for a secret that stands there itself, or "list" for several.
        """
        return "list" if len(self._references) > 1 else self._references[0].scheme or "literal"

    @property
    def files(self) -> tuple[Path, ...]:
        """
        The files that it may be read from, whether they exist or not.
        """
        return tuple(file for reference in self._references if (file := reference.file))

    def reveal(self) -> str:
        """
        Look the secret up.

        Raises:
            CredentialsError: See `find`.

        """
        return self._look()[1]

    def find(self) -> Found:
        """
        Look the secret up, and tell where it was. Of several places, the first that has one.

        Raises:
            CredentialsError: None of the places has it, one of them cannot be looked at, or what it has is empty. The
                text names the places, never what was found.

        """
        reference, secret = self._look()
        return Found(secret, reference.place)

    def _look(self) -> tuple[Reference, str]:
        absent = []
        for reference in self._references:
            try:
                return reference, _read(reference)
            except AbsentError as error:
                absent.append(error)
        if len(absent) == 1:
            raise absent[0]
        msg = " ".join(error.message for error in absent)
        raise CredentialsError(msg, hint="Put the secret in one of these places.")

    def below(self, folder: Path) -> Secret:
        """
        Read the paths of ``file:`` references as relative to *folder*.
        """
        if self.scheme == "literal":
            return self
        return Secret([reference.below(folder).text for reference in self._references])

    def __reduce__(self) -> tuple[type[Secret], tuple[list[str]]]:
        if self.scheme == "literal":
            stay()
        return Secret, ([reference.text for reference in self._references],)


def resolve(credentials: Mapping[str, Secret]) -> dict[str, str]:
    """
    Look up every secret of an account. None of them shows itself in a repr.

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


def _read(reference: Reference) -> str:
    secret = Hidden(reference.read())
    if not secret.strip():
        msg = f"The secret is empty: {reference.place}."
        raise CredentialsError(msg, hint="Put the secret there.")
    if not _is_text(secret):
        msg = f"The secret is not UTF-8 text: {reference.place}."
        raise CredentialsError(msg, hint="Put the secret there again.")
    return secret


def _is_text(secret: str) -> bool:
    # A variable of the environment can hold any bytes. The error of the codec, which holds the secret, ends here.
    try:
        secret.encode()
    except UnicodeEncodeError:
        return False
    return True
