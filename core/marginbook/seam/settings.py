"""
An account's settings, checked against what its venue says.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from marginbook.accounts import Account
from marginbook.errors import ConfigurationError
from marginbook.hosts import is_loopback
from marginbook.seam.venue import CLEARTEXT

if TYPE_CHECKING:
    from marginbook.seam.venue import Venue


def settle(account: Account, venue: Venue) -> Account:
    """
    Return *account* with every option of *venue* in it: what the account says, checked, or the default.

    Raises:
        ConfigurationError: A setting is missing, unknown or wrong. The text names it.

    """
    credentials, options = account.credentials, account.options
    # That nothing is wrong, as with most, is found out in less time than what is.
    if not venue.accepts(credentials, options):
        msg = f"{'; '.join([*_credential_problems(account, venue), *_option_problems(account, venue)])}."
        raise ConfigurationError(msg, hint=f"See 'marginbook venues {venue.id}' for what {venue.id} needs and offers.")
    settled = venue.completed(options)
    settled["base_url"] = _base_url(settled, venue)
    return Account(account.name, account.venue, credentials, settled)


def _credential_problems(account: Account, venue: Venue) -> list[str]:
    needed = {credential.name for credential in venue.credentials}
    given = account.credentials.keys()
    known = needed | {option.name for option in venue.all_options}
    return [
        *(f"the setting {name} is missing" for name in sorted(needed - given - account.options.keys())),
        *(f"there is no setting {name}" for name in sorted(given - known)),
        *(f"{name} is an option and no secret" for name in sorted((given & known) - needed)),
    ]


def _option_problems(account: Account, venue: Venue) -> list[str]:
    known = {option.name: option for option in venue.all_options}
    given = account.options
    secrets = {credential.name for credential in venue.credentials}
    return [
        *(f"the setting {name} is missing" for name, o in known.items() if o.required and name not in given),
        *(f"there is no setting {name}" for name in sorted(given.keys() - known.keys() - secrets)),
        *(f"{name} is a secret, and a secret is text" for name in sorted(given.keys() & secrets)),
        *(
            f"{name}: {complaint}"
            for name, option in known.items()
            if name in given and (complaint := option.complaint(given[name]))
        ),
    ]


def _base_url(options: dict[str, Any], venue: Venue) -> str:
    written = str(options["base_url"])
    url = venue.hosts.get(written, written).rstrip("/")
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        names = f", or one of {', '.join(venue.hosts)}" if venue.hosts else ""
        msg = "base_url is not the address of a server."
        raise ConfigurationError(msg, hint=f"Write it as https://host{names}.")
    if parts.username is not None or "?" in url or "#" in url:
        msg = "base_url has more in it than scheme, host, port and path."
        raise ConfigurationError(msg, hint="Leave out what stands before @ and after ? or #.")
    if parts.scheme == "http" and venue.sends_secrets and not (options[CLEARTEXT.name] or is_loopback(parts.hostname)):
        msg = f"{venue.id} sends the secret itself, and base_url is plain http to another machine."
        raise ConfigurationError(
            msg, hint=f"Use https, a tunnel that ends on this machine, or, knowing that, {CLEARTEXT.name} = true."
        )
    return url


# All accounts of a venue have few addresses.
@functools.lru_cache
def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        _ = parts.port
    except ValueError:
        return None
    return None if any(c.isspace() or not c.isprintable() for c in url) else parts
