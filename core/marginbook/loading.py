"""
Reads an accounts file.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from marginbook.accounts import Account
from marginbook.errors import ConfigurationError, MarginbookError
from marginbook.registry import installed

if TYPE_CHECKING:
    import os

    from marginbook.registry import Registry

EXAMPLE = """Write it like this:

[accounts.desk-a]
venue = "binance-usdm"
api_key = "env:DESK_A_KEY"
api_secret = "env:DESK_A_SECRET"
"""


def load_accounts(path: str | os.PathLike[str], *, registry: Registry | None = None) -> tuple[Account, ...]:
    """
    Read the accounts in a TOML file, in the file's order.

    Each table ``[accounts.NAME]`` has a ``venue``, the credentials that the venue needs as references to secrets, and
    its options. A credential may be a list of references, tried in its order. The path of a ``file:`` reference is
    relative to the folder of the accounts file.

    Args:
        path: The file.

        registry: Knows the venues. All installed ones, unless given.

    Raises:
        ConfigurationError: The file cannot be read, or an account in it is not one. The text says where.

    """
    path = Path(path)
    accounts, problem, hint = _read(path, registry or installed())
    # Here, where nothing is known of what stands in the file: secrets may, and crash reports print variables.
    if problem:
        msg = f"{path}: {problem}"
        raise ConfigurationError(msg, hint=hint)
    return accounts


def _read(path: Path, registry: Registry) -> tuple[tuple[Account, ...], str, str]:
    """
    Return the accounts, what is wrong, or "", and what to do about it.
    """
    document = read_toml(path, "accounts file", EXAMPLE)
    tables = document.pop("accounts", None)
    if document:
        return (), f"there is no place for {', '.join(map(repr, document))}.", EXAMPLE
    if not isinstance(tables, dict) or not tables:
        return (), "it has no accounts.", EXAMPLE
    accounts, problems = [], []
    for name, table in tables.items():
        try:
            accounts.append(_account(name, table, path.absolute().parent, registry))
        except ConfigurationError as error:
            problems.append(f"accounts.{name}: {error}")
    return tuple(accounts), " ".join(problems), ""


def read_toml(path: Path, what: str, hint: str) -> dict[str, Any]:
    """
    Read a TOML file.

    Args:
        path: The file.

        what: What it is to people.

        hint: How to write one.

    Raises:
        ConfigurationError: It cannot be read. The text holds nothing of what stands in it.

    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"The {what} {path} cannot be read: {error.strerror}."
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is not TOML: {error}."
    except UnicodeDecodeError:
        msg, hint = f"{path} is not UTF-8 text.", "Save it as UTF-8."
    except (RecursionError, ValueError):
        msg = f"{path} has a number that is too long in it, or lists in lists without end."
    # Out here, since such errors hold the whole file: they may not even be the context of ours.
    raise ConfigurationError(msg, hint=hint)


def _account(name: str, table: object, folder: Path, registry: Registry) -> Account:
    if not isinstance(table, dict) or not isinstance(venue := table.pop("venue", None), str):
        msg = "It names no venue."
        raise ConfigurationError(msg, hint='Add a line such as venue = "binance-usdm".')
    options = _option_names(venue, registry)
    account = Account(
        name,
        venue,
        # A text that is not known to be an option may be a secret, and is kept as one.
        credentials={k: v for k, v in table.items() if k not in options and _has_text(v)},
        options={k: v for k, v in table.items() if k in options or not _has_text(v)},
    )
    return evolve(account, credentials={key: secret.below(folder) for key, secret in account.credentials.items()})


def _has_text(value: object) -> bool:
    return any(isinstance(part, str) for part in (value if isinstance(value, list) else [value]))


def _option_names(venue: str, registry: Registry) -> frozenset[str]:
    try:
        return frozenset(option.name for option in registry.venue(venue).all_options)
    # The account will be in the report, with this as the reason why it cannot be read.
    except MarginbookError:
        return frozenset({"base_url"})
