"""
Who may read: whoever knows the token.
"""

from __future__ import annotations

import hmac
import os
import re
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from marginbook.accounts.references import Secret
from marginbook.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

#: The environment variable that may hold the token.
TOKEN: Final = "MARGINBOOK_SERVE_TOKEN"  # noqa: S105  # the name of a variable

#: What can stand behind ``Bearer`` (RFC 6750, 2.1), and is too long to be guessed.
_SHAPE: Final = re.compile(r"[A-Za-z0-9._~+/-]{16,}=*")


@frozen
class Token:
    """
    A text that requests have to bring. Nothing shows it.

    Args:
        secret: The text.

    Raises:
        ConfigurationError: It is too short, or cannot stand in a header.

    """

    _secret: str = field(repr=False)

    @_secret.validator
    def _check_shape(self, _: object, value: str) -> None:
        if not _SHAPE.fullmatch(value):
            msg = "The token is shorter than 16 characters, or has others than letters, digits and . _ ~ + / - in it."
            hint = "Make one: python -c 'import secrets; print(secrets.token_urlsafe())'"
            raise ConfigurationError(msg, hint=hint)

    @classmethod
    def find(cls, path: Path | None) -> Token | None:
        """
        Return the token in a file, else the one in the environment, else None.

        Raises:
            ConfigurationError: It cannot be a token.

            CredentialsError: The file cannot be read, or what was named is empty.

        """
        if path:
            return cls(Secret(f"file:{path.absolute()}").reveal())
        return cls(Secret(f"env:{TOKEN}").reveal()) if TOKEN in os.environ else None

    def opens(self, authorization: str) -> bool:
        """
        Say whether an ``Authorization`` header brings it, in a time that tells nothing of it.
        """
        scheme, _, given = authorization.partition(" ")
        same = hmac.compare_digest(given.strip().encode(), self._secret.encode())
        return same and scheme.lower() == "bearer"
