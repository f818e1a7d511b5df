"""
What a plugin tells about a venue: typed descriptors, and three functions that the core calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import Attribute, field, frozen

from marginbook.errors import PluginError
from marginbook.limits import Limit
from marginbook.methods import equal, hashed, shown
from marginbook.values import AMOUNTS

#: The venue's time in milliseconds since 1970. Given by the core, whose business the offset of the local clock is.
Clock = Callable[[], int]

if TYPE_CHECKING:
    import requests
    from requests.auth import AuthBase

    from marginbook.accounts import Account
    from marginbook.errors import ApiError, MarginbookError
    from marginbook.values import Statement

    Fetch = Callable[[Account, requests.Session], Statement]
    Time = Callable[[Account, requests.Session], int]
    Sign = Callable[[Mapping[str, str], Clock], AuthBase]
    Explain = Callable[[ApiError], MarginbookError | None]

_WORDS: Final = "abcdefghijklmnopqrstuvwxyz0123456789-"


@frozen
class Credential:
    """
    A secret that a venue needs.

    Args:
        name: The key in an accounts file, such as ``"api_secret"``.

        help: What it is and where it comes from, in one sentence.

        sent_as_is: True if requests carry the secret itself and not only a signature made with it. Then the core
            refuses to send it over plain http to another machine.

    """

    name: str
    help: str
    sent_as_is: bool = field(default=False, kw_only=True)

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed


@frozen
class Option:
    """
    A setting that a venue offers.

    Args:
        name: The key in an accounts file, such as ``"recv_window"``.

        kind: ``str``, ``int`` or ``bool``.

        help: What it does, with its unit, in one sentence.

        default: Its value where an account says nothing.

        required: True if an account has to say it.

        choices: The values it may have, if they can be listed.

        check: Says what is wrong with a value in a clause such as ``"it has a slash in it"``, or "".

    """

    name: str
    kind: type[str | int | bool]
    help: str
    default: str | int | bool | None = field(default=None, kw_only=True)
    required: bool = field(default=False, kw_only=True)
    choices: tuple[str | int, ...] = field(default=(), kw_only=True)
    check: Callable[[Any], str] | None = field(default=None, kw_only=True)

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed

    def complaint(self, value: object) -> str:
        """
        Say what is wrong with *value*, or "".
        """
        if type(value) is not self.kind:
            # Not what it is: secrets get under the wrong name.
            return f"it is of type {type(value).__name__}, not {self.kind.__name__}"
        if self.check and (complaint := self.check(value)):
            return complaint
        if self.choices and value not in self.choices:
            return f"it is none of {', '.join(map(str, self.choices))}"
        return ""


def _text(mapping: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(dict(mapping).items())


def _credentials(credentials: Iterable[Credential]) -> tuple[Credential, ...]:
    return tuple(credentials)


def _options(options: Iterable[Option]) -> tuple[Option, ...]:
    return tuple(options)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


def _limits(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    return tuple(limits)


@frozen(kw_only=True)
class Venue:
    """
    What can be asked of one venue, and how.

    Args:
        id: Our name of the venue, in lower case: ``"binance-usdm"``. An entry point of that name leads to the plugin.

        title: Its name for people.

        fetch: Calls the generated client with the session it is given and translates the answer:
            ``fetch(account, session) -> Statement``. It does no other I/O, does not sleep, retry, or read the clock.

        sign: Makes what signs each attempt afresh, from the resolved secrets and a clock in milliseconds:
            ``sign(secrets, clock) -> requests.auth.AuthBase``. Raises CredentialsError if the secrets cannot be right.
            None where nothing is signed.

        time: Asks the venue for its time, in milliseconds since 1970: ``time(account, session) -> int``. None where it
            does not tell, or does not ask for the time of a request. The core calls it when the venue complains of
            one, with an error that ``suspects_clock``.

        limits: The venue's rate limits. The core keeps them, for all accounts of an address together.

        explain: Turns an error answer into the error that tells a person what to do, or returns None to leave that
            to the HTTP status.

        credentials: The secrets it needs, all of them.

        options: The settings it offers. ``base_url`` is always among them, without being listed here.

        hosts: Its environments by name, such as ``{"production": "https://…", "demo": "https://…"}``. The first is
            the default of ``base_url``; with none, every account has to say its own.

        fills: The fields of `Balance` it can fill, and from what: ``{"wallet_balance": "balance"}``.

        unknown: Why, or when, other fields are not known.

        ignores: Fields of the venue's answer that the report has no use for, and why.

        private: Names of fields whose texts or numbers say whose account it is. They are blanked in what is kept of an
            answer.

        specification: The version of the venue's specification that it reads answers by. A history keeps it with each
            snapshot.

    Raises:
        PluginError: The id is no lower-case word, or a name is no field of `Balance`.

    """

    id: str = field()
    title: str
    fetch: Fetch = field(repr=False)
    sign: Sign | None = field(default=None, repr=False)
    time: Time | None = field(default=None, repr=False)
    limits: tuple[Limit, ...] = field(default=(), converter=_limits, repr=False)
    explain: Explain | None = field(default=None, repr=False)
    credentials: tuple[Credential, ...] = field(default=(), converter=_credentials)
    options: tuple[Option, ...] = field(default=(), converter=_options)
    _hosts: tuple[tuple[str, str], ...] = field(default=(), converter=_text)
    _fills: tuple[tuple[str, str], ...] = field(default=(), converter=_text, repr=False)
    _unknown: tuple[tuple[str, str], ...] = field(default=(), converter=_text, repr=False)
    _ignores: tuple[tuple[str, str], ...] = field(default=(), converter=_text, repr=False)
    private: tuple[str, ...] = field(default=(), converter=_names, repr=False)
    specification: str = field(default="", repr=False)
    #: The first limit of what an address may spend, which an account may raise or lower.
    address_limit: Limit | None = field(init=False, eq=False, repr=False)
    #: Its own options, and those that the core adds to every venue.
    all_options: tuple[Option, ...] = field(init=False, eq=False, repr=False)

    #: The same by name, what they are where an account says nothing, those that it has to say, and what is secret.
    _offered: dict[str, Option] = field(init=False, eq=False, repr=False)
    _defaults: dict[str, Any] = field(init=False, eq=False, repr=False)
    _required: frozenset[str] = field(init=False, eq=False, repr=False)
    _secret: frozenset[str] = field(init=False, eq=False, repr=False)

    __repr__ = shown
    __eq__ = equal
    __hash__ = hashed

    # All of them are asked for at every account, and a venue may have thousands.

    @address_limit.default
    def _find_address_limit(self) -> Limit | None:
        return next((limit for limit in self.limits if limit.per == "address"), None)

    @all_options.default
    def _find_all_options(self) -> tuple[Option, ...]:
        own = [*([CLEARTEXT] if self.sends_secrets else []), *map(_weight, filter(None, [self.address_limit]))]
        return (_base_url(self.hosts), *own, *self.options)

    @_offered.default
    def _find_offered(self) -> dict[str, Option]:
        return {option.name: option for option in self.all_options}

    @_defaults.default
    def _find_defaults(self) -> dict[str, Any]:
        return {option.name: option.default for option in self.all_options}

    @_required.default
    def _find_required(self) -> frozenset[str]:
        return frozenset(option.name for option in self.all_options if option.required)

    @_secret.default
    def _find_secret(self) -> frozenset[str]:
        return frozenset(credential.name for credential in self.credentials)

    @id.validator
    def _check_id(self, _: Attribute[str], value: str) -> None:
        if not value or value.strip(_WORDS) or value[0] == "-":
            msg = f"{value!r} cannot be the id of a venue."
            raise PluginError(msg, hint="Use lower-case letters, digits and hyphens.")

    @_fills.validator
    @_unknown.validator
    def _check_fields(self, _: Attribute[Any], value: tuple[tuple[str, str], ...]) -> None:
        if strange := [name for name, _ in value if name not in {*AMOUNTS, "updated_at"}]:
            msg = f"{self.id}: {', '.join(strange)} is no field of a balance."
            raise PluginError(msg, hint=f"The fields are {', '.join(AMOUNTS)}, updated_at.")

    @property
    def hosts(self) -> dict[str, str]:
        """
        The base URLs of its environments, by name.
        """
        return dict(self._hosts)

    @property
    def fills(self) -> dict[str, str]:
        """
        The fields of `Balance` that it can fill, and from what.
        """
        return dict(self._fills)

    @property
    def unknown(self) -> dict[str, str]:
        """
        Why, or when, fields of `Balance` are not known.
        """
        return dict(self._unknown)

    @property
    def ignores(self) -> dict[str, str]:
        """
        The fields of the venue's answer that the report has no use for, and why.
        """
        return dict(self._ignores)

    @property
    def sends_secrets(self) -> bool:
        """
        True if a request carries a secret itself.
        """
        return any(credential.sent_as_is for credential in self.credentials)

    def accepts(self, credentials: Mapping[str, object], options: Mapping[str, object]) -> bool:
        """
        Say whether an account may have these: none is missing, none is unknown, none is wrong.
        """
        return (
            credentials.keys() == self._secret
            and options.keys() >= self._required
            and options.keys() <= self._offered.keys()
            and not any(self._offered[name].complaint(value) for name, value in options.items())
        )

    def completed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return an account's options with the defaults of all others.
        """
        return {**self._defaults, **options}


CLEARTEXT: Final = Option(
    "send_secret_in_clear",
    bool,
    "Send the secret over plain http to another machine, where everybody on the way can read it.",
    default=False,
)

#: How much is asked of a venue that offers both.
DETAIL: Final = Option(
    "detail",
    str,
    "How much to ask: balance, in one light request, or margin, with margins and isolated positions.",
    default="balance",
    choices=("balance", "margin"),
)

#: The name of the option that raises or lowers an address's limit.
WEIGHT_LIMIT: Final = "weight_limit"


def _weight(limit: Limit) -> Option:
    return Option(
        WEIGHT_LIMIT,
        int,
        f"Weight that this address may spend in {limit.seconds:g} seconds, all its accounts at the venue together.",
        default=limit.weight,
        # Venues travel to other processes, with a function that has a name.
        check=partial(_check_weight, limit.dearest),
    )


def _check_weight(dearest: int, weight: int) -> str:
    return "" if weight >= dearest else f"it is less than the {dearest} that a single request costs"


def _base_url(hosts: Mapping[str, str]) -> Option:
    names = f"One of {', '.join(hosts)}, or a URL" if hosts else "A URL"
    return Option(
        "base_url",
        str,
        f"{names} such as https://host or https://host/path.",
        default=next(iter(hosts), None),
        required=not hosts,
    )
