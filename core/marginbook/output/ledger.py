"""
Balance directives for beancount, which keeps books in plain text.

The grammar of accounts and currencies is that of beancount's language syntax,
https://beancount.github.io/docs/beancount_language_syntax.html.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from marginbook.values import plain, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date
    from decimal import Decimal

    from marginbook.report import BalanceReport

#: The account above all that is written.
_ROOT: Final = "Assets:Marginbook"

_WORDS: Final = {"TRUE", "FALSE", "NULL"}

#: The most letters of a currency in beancount.
_LONGEST: Final = 24


def write(report: BalanceReport) -> str:
    """
    Return a balance directive for each wallet balance: cash, without unrealized PnL.

    Beancount checks a balance at the start of its day, so the day is the one after the report was begun, in UTC. It
    lets the last digit differ, unless ``~ 0`` says otherwise, as it does here. What is not known is a comment. An
    account that could not be read is a comment and a ``custom`` directive, so that a query finds it. The accounts have
    to be open: directives that open them stand in comments at the end.
    """
    begun = report.started_at.date()
    day = begun + timedelta(days=1)
    names = _Names(report)
    wallets = _wallets(report)
    parts = [
        _head(report, day),
        _missing(report, day),
        names.changes(),
        [_directive(day, names, key, wallet) for key, wallet in wallets.items()],
        ["; Open the accounts once, with a date before the first entry:"] if wallets else [],
        [f"; {begun} open {names.path(*key)} {names.currencies[key[2]]}" for key in wallets],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _head(report: BalanceReport, day: date) -> list[str]:
    asked, read = len(report.accounts), len(report.accounts) - len(report.failures)
    state = "Complete" if report.complete else "INCOMPLETE"
    return [
        f"; {state}: {read} of {asked} accounts, {report.started_at:%Y-%m-%d %H:%M:%S} UTC.",
        f"; Balances are checked at the start of {day}: what is booked on {report.started_at.date()} is in them.",
        *(_comment(f"{note.account}: {note.message}".removeprefix(": ")) for note in report.notes),
    ]


def _missing(report: BalanceReport, day: date) -> list[str]:
    lines = []
    for failure in report.failures:
        lines.append(_comment(f"MISSING: {failure}"))
        texts = " ".join(map(_quoted, (failure.account, failure.venue, failure.kind)))
        lines.append(f'{day} custom "marginbook-missing" {texts}')
    return lines


def _wallets(report: BalanceReport) -> dict[tuple[str, str, str], Decimal | None]:
    # An account may have several rows of an asset, and a day has one balance of it.
    rows = defaultdict(list)
    for balance in report.balances:
        rows[balance.venue, balance.account, balance.asset].append(balance.wallet_balance)
    return {key: total(rows[key]) for key in sorted(rows)}


def _directive(day: date, names: _Names, key: tuple[str, str, str], wallet: Decimal | None) -> str:
    line = f"{day} balance {names.path(*key)}"
    currency = names.currencies[key[2]]
    return f"; {line} ? {currency}  ; not known" if wallet is None else f"{line} {plain(wallet)} ~ 0 {currency}"


class _Names:
    """
    What venues, accounts and assets are called in beancount.
    """

    def __init__(self, report: BalanceReport) -> None:
        assets = {balance.asset for balance in report.balances}
        self._venues = _distinct({balance.venue for balance in report.balances}, _component)
        self._accounts = _distinct({balance.account for balance in report.balances}, _component)
        self._assets = _distinct(assets, _component)
        self.currencies: Final = _distinct(assets, _currency)

    def path(self, venue: str, account: str, asset: str) -> str:
        return f"{_ROOT}:{self._venues[venue]}:{self._accounts[account]}:{self._assets[asset]}"

    def changes(self) -> list[str]:
        """
        Say which names are others than ours.
        """
        kinds = {"account": self._accounts, "venue": self._venues, "asset": self._assets, "currency": self.currencies}
        return [
            _comment(f"The {kind} {_quoted(name)} is written {written}.")
            for kind, names in kinds.items()
            for name, written in names.items()
            if name != written
        ]


def _distinct(names: Iterable[str], make: Callable[[str], str]) -> dict[str, str]:
    """
    Return what each name is written as. Names that would be the same are told apart by a mark that stays theirs, and
    one that needs no change keeps its own.
    """
    same = defaultdict(list)
    for name in sorted(names):
        same[make(name)].append(name)
    return {
        name: made if len(alike) == 1 or name == made else _marked(made, name)
        for made, alike in same.items()
        for name in alike
    }


def _marked(made: str, name: str) -> str:
    mark = hashlib.sha256(name.encode()).hexdigest()[:6].upper()
    return f"{made[: _LONGEST - 7]}-{mark}"


def _component(name: str) -> str:
    made = re.sub(r"[^A-Za-z0-9-]", "-", name)
    made = made[0].upper() + made[1:]
    return f"X{made}" if made.startswith("-") else made


def _currency(name: str) -> str:
    made = re.sub(r"[^A-Z0-9'._-]", "-", name.upper())
    made = made if made[0].isalpha() else f"X{made}"
    # Words of the language, and flags, which are single letters.
    made = made if made[-1].isalnum() and made not in _WORDS and len(made) > 1 else f"{made}X"
    return made if len(made) <= _LONGEST else f"{made[: _LONGEST - 1]}X"


def _comment(text: str) -> str:
    return "\n".join(f"; {line}".rstrip() for line in text.splitlines())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
