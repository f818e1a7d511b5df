"""
One account at one venue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import Attribute, field, frozen

from marginbook.accounts.references import Secret
from marginbook.errors import ConfigurationError
from marginbook.methods import equal, hashed, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Written = str | Sequence[str] | Secret


def _secrets(credentials: Mapping[str, Written]) -> tuple[tuple[str, Secret], ...]:
    return tuple((name, _secret(name, value)) for name, value in sorted(dict(credentials).items()))


def _secret(name: str, value: Written) -> Secret:
    try:
        return value if isinstance(value, Secret) else Secret(value)
    except ConfigurationError as error:
        msg = f"{name}: {error.message}"
        raise ConfigurationError(msg, hint=error.hint) from None


def _trouble(name: object) -> str:
    if not isinstance(name, str):
        return f"is a {type(name).__name__}"
    if not name.strip():
        return "is empty"
    return "" if name.isprintable() else "has characters that cannot be printed"


def _settings(options: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(dict(options).items(), key=lambda item: item[0]))


def _names(pairs: tuple[tuple[str, object], ...]) -> str:
    # Values may be secrets, or hold one by mistake.
    return f"<{', '.join(name for name, _ in pairs)}>"


@frozen
class Account:
    """
    An account that you own: our name for it, the venue, references to its secrets, and its options.

    Args:
        name: What the report calls it.

        venue: The id of the venue, such as ``"binance-usdm"``.

        credentials: References to secrets by name: ``{"api_key": "env:DESK_A_KEY"}``. A list of references is tried
            in its order: ``{"api_key": ["env:DESK_A_KEY", "keyring:desk/a"]}``. See `marginbook.accounts`.

        options: Settings that the venue offers, such as ``{"base_url": "demo"}``; see ``marginbook venues``.

    Raises:
        ConfigurationError: A name is empty, or a reference is of no known kind.

    """

    name: str = field()
    venue: str = field()
    _credentials: tuple[tuple[str, Secret], ...] = field(default=(), converter=_secrets, repr=_names)
    _options: tuple[tuple[str, Any], ...] = field(default=(), converter=_settings, repr=_names)

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed

    @name.validator
    @venue.validator
    def _check_text(self, attribute: Attribute[str], value: str) -> None:
        if trouble := _trouble(value):
            # Who mixes up the arguments has written a secret here.
            msg = f"The {attribute.name} of an account {trouble}."
            raise ConfigurationError(msg, hint="Give it a text of printable characters.")

    @property
    def credentials(self) -> dict[str, Secret]:
        """
        The references to the account's secrets.
        """
        return dict(self._credentials)

    @property
    def options(self) -> dict[str, Any]:
        """
        The account's settings. A venue's ``fetch`` finds all of the venue's options here, checked.
        """
        return dict(self._options)
