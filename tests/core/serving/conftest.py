"""
Reports, and a site that shows them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, evolve, field

from machines import BEGINNING, Hands
from marginbook import Balance, BalanceReport, Failure, Output
from marginbook.registry import installed
from marginbook.serving import Newest, Site

if TYPE_CHECKING:
    from werkzeug.test import TestResponse


@define
class Served:
    """
    A site, the hands of its clock, and the newest report, which a test may change.
    """

    hands: Hands = field(factory=Hands)
    outputs: dict[str, Output] = field(factory=lambda: installed().outputs())
    newest: Newest = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.newest = Newest(every=10, machine=self.hands.machine())

    def site(self, **settings: Any) -> Site:
        return Site(newest=lambda: self.newest, **{"outputs": self.outputs, **settings})

    def make(self, *failed: str, trouble: str = "") -> BalanceReport:
        """
        Have a report made now.
        """
        start = datetime.fromtimestamp(BEGINNING / 1000, UTC) + timedelta(seconds=self.hands.passed)
        report = BalanceReport(
            accounts=dict.fromkeys(("a", *failed), "acme"),
            balances=[Balance(account="a", venue="acme", asset="USD₮", wallet_balance=Decimal("1.10"))],
            failures=[
                Failure(account=name, venue="acme", kind="timeout", message="It was late.", hint="Wait.")
                for name in failed
            ],
            started_at=start,
            finished_at=start,
        )
        self.newest = evolve(self.newest, report=report, begun=self.hands.passed, trouble=trouble)
        return report

    def get(self, path: str, method: str = "GET", site: Site | None = None, **headers: str) -> TestResponse:
        """
        Ask without a network.
        """
        from werkzeug.test import Client

        found = {"Host": "localhost:8080", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return Client(site or self.site()).open(path, method=method, headers=found)


@pytest.fixture
def served() -> Served:
    return Served()
