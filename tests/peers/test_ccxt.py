"""
ccxt, a library for a hundred venues, reads the sandbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ccxt  # type: ignore[import-not-found]  # lives in an environment of its own
import pytest

from marginbook import collect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.peers.conftest import Played


def connect(played: Played, **changes: str) -> Any:
    """
    Return ccxt's Binance, at the sandbox.
    """
    client = ccxt.binance({"apiKey": played.key, "secret": played.secret, "enableRateLimit": False, **changes})
    client.urls["api"] |= {
        "fapiPrivateV3": f"{played.url}/fapi/v3",
        "fapiPrivateV2": f"{played.url}/fapi/v2",
        "dapiPrivate": f"{played.url}/dapi/v1",
    }
    return client


def chosen(rows: Any, account: Played) -> Any:
    """
    Return the fields of ccxt's rows that marginbook reads as well.
    """
    words = next(iter(account.rows.values()))
    return {row["asset"]: {word: row[word] for word in words} for row in rows}


@pytest.mark.parametrize("name", ["binance-hmac", "binance-rsa", "binance-ed25519"])
@pytest.mark.parametrize("call", ["fapiPrivateV3GetBalance", "fapiPrivateV2GetBalance"])
def test_usdm(call: str, name: str, played: Callable[[str], Played]) -> None:
    """
    It signs with all three kinds of keys, and reads the digits that marginbook reads.
    """
    account = played(name)

    assert account.rows == chosen(getattr(connect(account), call)(), account)


def test_coinm(played: Callable[[str], Played]) -> None:
    """
    So it does for coins.
    """
    account = played("binance-coins")

    assert account.rows == chosen(connect(account).dapiPrivateGetBalance(), account)


@pytest.mark.parametrize(
    ("name", "missing"),
    [("binance-hmac", set()), ("binance-rsa", set()), ("binance-ed25519", {"FDUSD"}), ("binance-coins", set())],
)
def test_parser(name: str, missing: set[str], played: Callable[[str], Played]) -> None:
    """
    Its parser calls the wallet the total and what is available free, as floats, and drops rows without a time.
    """
    account = played(name)
    client = connect(account)
    parsed = client.parse_balance_custom(
        client.dapiPrivateGetBalance() if name == "binance-coins" else client.fapiPrivateV3GetBalance(), "future"
    )
    rows = {asset: row for asset, row in account.rows.items() if asset not in missing}

    assert missing == account.rows.keys() - parsed["total"].keys()
    assert {asset: float(row["balance"]) for asset, row in rows.items()} == parsed["total"]
    assert {asset: float(row["availableBalance"]) for asset, row in rows.items()} == parsed["free"]


@pytest.mark.parametrize("name", ["binance-hmac", "binance-rsa", "binance-ed25519", "binance-coins"])
@pytest.mark.parametrize(
    ("changes", "code"),
    [({"secret": "b" * 64}, -1022), ({"apiKey": "a" * 64}, -2015), ({"apiKey": "no-key"}, -2014)],
    ids=["secret", "key", "form of the key"],
)
def test_refused(changes: dict[str, str], code: int, name: str, played: Callable[[str], Played]) -> None:
    """
    It understands how the sandbox refuses wrong credentials.
    """
    client = connect(played(name), **changes)
    call = client.dapiPrivateGetBalance if name == "binance-coins" else client.fapiPrivateV3GetBalance

    with pytest.raises(ccxt.AuthenticationError, match=f'"code":{code},'):
        call()


def test_clock(played: Callable[[str], Played]) -> None:
    """
    So it does when its clock is behind.
    """
    client = connect(played("binance-hmac"))
    client.options["timeDifference"] = 60_000

    with pytest.raises(ccxt.InvalidNonce, match='"code":-1021,'):
        client.fapiPrivateV3GetBalance()


@pytest.mark.usefixtures("clock")
def test_limit(played: Callable[[str], Played]) -> None:
    """
    So it does when it asks too often.
    """
    client = connect(played("binance-hmac"))
    for _ in range(239):
        client.fapiPrivateV2GetBalance()
    with pytest.raises(ccxt.DDoSProtection, match='"code":-1003,'):
        client.fapiPrivateV2GetBalance()

    assert "12" == client.last_response_headers["Retry-After"]


@pytest.mark.parametrize("name", ["binance-hmac", "binance-rsa", "binance-margin"])
def test_its_own_balance(name: str, played: Callable[[str], Played]) -> None:
    """
    Its unified balance reads the account in detail. What it calls total, used and free are equity, initial margin and
    what is available, as far as floats go.
    """
    account = played(name)
    client = connect(account)
    # It would ask the real venue for them.
    client.set_markets([])
    found = client.fetch_balance({"type": "future"})
    rows = collect([account.account], detail="margin").balances

    assert [
        tuple(float(str(figure)) for figure in (row.equity, row.initial_margin, row.available_balance)) for row in rows
    ] == [tuple(found[row.asset][word] for word in ("total", "used", "free")) for row in rows]
