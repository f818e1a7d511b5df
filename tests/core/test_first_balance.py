"""
What a first balance imports: whoever starts a process for one report waits for nothing that the report does without.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import pytest

from published import body

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.core.conftest import Peer, Plugins

#: Reads one account, and prints what was imported for it.
ASK: Final = """
import json, sys
before = set(sys.modules)
import marginbook as mb
account = mb.Account(
    "desk", "binance-usdm", credentials={"api_key": "key", "api_secret": "secret"}, options={"base_url": sys.argv[1]}
)
report = mb.collect([account])
report.raise_for_failures()
print(json.dumps([len(report.balances), sorted(sys.modules.keys() - before)]))
"""

#: What is not imported, and for whom it is.
FOR_OTHERS: Final = {
    "marginbook.accounts.permissions": "marginbook check looks at who can read secrets",
    "marginbook.cli": "the command",
    "marginbook.dealing": "executors of other processes",
    "marginbook.formats": "outputs",
    "marginbook.history": "reports that are kept",
    "marginbook.loading": "accounts in a file",
    "marginbook.output": "outputs",
    "marginbook.pricing": "reports that are valued",
    "marginbook.progress": "who wants to hear of each account, and who waits for a limit",
    "marginbook.reconciling": "differences, alerts and expectations",
    "marginbook.report.documents": "JSON",
    "marginbook.report.outcomes": "accounts that fail, and remarks",
    "marginbook.report.prices": "reports that are valued",
    "marginbook.report.valuation": "likewise",
    "marginbook.sandbox": "the sandbox",
    "marginbook.seam.sources": "reports that are valued",
    "marginbook.testing": "the suite that venues pass",
    "marginbook.transport.documents": "recorded bodies",
    "marginbook.transport.memories": "processes that tell each other what they spent",
    "marginbook.transport.statuses": "errors of the venue",
    "marginbook.transport.trust": "TLS",
    "marginbook.values.conversion": "reports that are valued",
    "marginbook.values.lock": "venues that break margin down by contract",
    "marginbook.values.margins": "who asks how near liquidation is",
    "marginbook.values.price": "reports that are valued",
    "marginbook.values.recording": "bodies that are kept",
    "marginbook.values.summary": "venues that say something of an account as a whole",
    "marginbook_binance.coinm": "other accounts",
    "marginbook_binance.coinm_margins": "likewise",
    "marginbook_binance.margins": "detail margin",
    "marginbook_binance.pm": "other accounts",
    "marginbook_binance.prices": "reports that are valued",
    "marginbook_binance.stage": "the sandbox",
    "marginbook_binance.usdm_margins": "detail margin",
    "marginbook_bybit": "other venues",
    "marginbook_clients.binance_coinm": "other accounts",
    "marginbook_clients.binance_pm": "likewise",
    "marginbook_clients.binance_usdm.api.account.futures_account_balance_v2": "who asks for the older version",
    "marginbook_clients.binance_usdm.api.market": "the venue's time, and prices",
    "marginbook_clients.binance_usdm.models.account_information": "detail margin",
    "marginbook_clients.binance_usdm.models.error_body": "errors of the venue",
    "click": "the command",
    "concurrent.futures": "executors",
    "cryptography": "keys of other kinds",
    "difflib": "venues whose names are misspelled",
    "keyring": "secrets in a key store",
    "rich": "the command",
    "shlex": "secrets that a command prints",
    "sqlite3": "limits that processes share, and histories",
    "subprocess": "secrets that a command prints",
    "tomllib": "accounts in a file",
    "werkzeug": "the sandbox",
}


@pytest.fixture
def imported(peers: Callable[..., Peer], plugins: Plugins) -> list[str]:
    """
    What is imported for a first balance.
    """
    published = body("binance_usdm", "/fapi/v3/balance")

    def answer(_: Peer, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(published), published))

    done = plugins.run("-c", ASK, peers(answer).url)
    assert "" == done.stderr
    rows, modules = json.loads(done.stdout)
    assert rows == len(json.loads(published))
    return list(modules)


def test_nobody_waits_for_what_others_need(imported: list[str]) -> None:
    """
    A first balance imports its own venue and its own question, and nothing that is there for other reports.
    """
    assert {} == {name: reason for name, reason in FOR_OTHERS.items() if name in imported}


def test_all_of_it_is_there() -> None:
    """
    What is not imported is not merely called something else by now.
    """
    ours = [name for name in FOR_OTHERS if name.startswith("marginbook")]

    assert [] == [name for name in ours if find_spec(name) is None]


def test_a_venue_brings_little(imported: list[str]) -> None:
    """
    Of the plugins and their clients, a first balance imports the description of its venue, and what that is asked.
    """
    packages = ("marginbook_binance", "marginbook_clients")

    assert ["codes", "keys", "options", "rows", "usdm"] == [
        name.partition(".")[2] for name in imported if name.startswith("marginbook_binance.")
    ]
    assert ["account_balance"] == [name.rpartition(".")[2] for name in imported if ".models." in name]
    assert {"marginbook", *packages} == {name.partition(".")[0] for name in imported if name.startswith("marginbook")}
