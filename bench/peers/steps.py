"""
What marginbook does for an account, step by step, each by itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import marginbook as mb
from marginbook.accounts import resolve
from marginbook.asking import Visit
from marginbook.auditing import audit
from marginbook.collecting import assemble
from marginbook.promises import kept
from marginbook.registry import installed
from marginbook.seam.settings import settle
from marginbook.transport import MACHINE, Deadline, adapter
from marginbook.wire import decode
from marginbook_binance.rows import translate
from marginbook_clients.binance_usdm.models.account_balance import AccountBalance

if TYPE_CHECKING:
    from collections.abc import Callable

#: Accounts of a report, by which the time for one is divided.
ACCOUNTS: Final = 100


def steps(url: str) -> dict[str, tuple[Callable[[], Any], int]]:
    """
    Return what can be done, and for how many accounts at once.
    """
    venue = installed().venue("binance-usdm")
    credentials = {"api_key": "key", "api_secret": "env:BENCH_SECRET"}
    options = {"base_url": url, "weight_limit": 100_000_000}
    pool, deadline = adapter(1), Deadline(600)

    def account(name: str) -> mb.Account:
        return mb.Account(name, venue.id, credentials=credentials, options=options)

    def prepare() -> Visit:
        settled = settle(account("desk"), venue)
        return Visit.prepare(
            settled, resolve(settled.credentials), venue, deadline=deadline, pool=pool, machine=MACHINE
        )

    visit = prepare()

    def ask() -> bytes:
        answer = visit.session.request("GET", f"{url}/fapi/v3/balance", params={"recvWindow": "5000"})
        return answer.content

    body = ask()
    rows = decode(body)
    models = [AccountBalance.from_dict(row) for row in rows]

    def translated(settled: mb.Account) -> list[mb.Balance]:
        return [translate(settled, row, max_withdraw=row.max_withdraw_amount) for row in models]

    statement = mb.Statement(translated(visit.account))
    accounts = [account(f"desk-{number}") for number in range(ACCOUNTS)]
    outcomes = {one.name: kept(mb.Statement(translated(one)), one, venue, []) for one in accounts}

    def report() -> None:
        now = datetime.now(UTC)
        audit(assemble(accounts, outcomes, started_at=now, finished_at=now), accounts, outcomes)

    return {
        "settings, secrets and a session": (prepare, 1),
        "ask: limits, signature, request and answer": (ask, 1),
        "decode, with duplicate keys looked for": (lambda: decode(body), 1),
        "check each field into the client's model": (lambda: [AccountBalance.from_dict(row) for row in rows], 1),
        "say it in our words, checked": (lambda: translated(visit.account), 1),
        "hold to promises, complete": (lambda: kept(statement, visit.account, venue, []), 1),
        "report, totals and audit": (report, ACCOUNTS),
    }
