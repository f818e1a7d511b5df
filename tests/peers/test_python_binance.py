"""
python-binance reads the sandbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from binance.client import Client  # type: ignore[import-not-found]  # lives in an environment of its own
from binance.exceptions import BinanceAPIException  # type: ignore[import-not-found]  # likewise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.peers.conftest import Played


@pytest.fixture
def connect() -> Iterator[Callable[..., Any]]:
    """
    Give python-binance's client, at the sandbox.
    """
    opened = []

    def open_(account: Played, *, key: str | None = None, secret: str | None = None) -> Any:
        given = secret or account.secret
        # It would greet the spot API first.
        opened.append(
            Client(key or account.key, **{"private_key" if "-----" in given else "api_secret": given}, ping=False)
        )
        opened[-1].FUTURES_URL = f"{account.url}/fapi"
        opened[-1].FUTURES_COIN_URL = f"{account.url}/dapi"
        return opened[-1]

    yield open_
    for client in opened:
        client.close_connection()
        client.loop.close()


def ask(client: Any, name: str) -> Any:
    return client.futures_coin_account_balance() if name == "binance-coins" else client.futures_account_balance()


def chosen(rows: Any, account: Played) -> Any:
    """
    Return the fields of its rows that marginbook reads as well.
    """
    words = next(iter(account.rows.values()))
    return {row["asset"]: {word: row[word] for word in words} for row in rows}


@pytest.mark.parametrize("name", ["binance-hmac", "binance-rsa", "binance-ed25519", "binance-coins"])
def test_balance(name: str, connect: Callable[..., Any], played: Callable[[str], Played]) -> None:
    """
    It signs with all three kinds of keys, and reads the digits that marginbook reads.
    """
    account = played(name)

    assert account.rows == chosen(ask(connect(account), name), account)


def test_versions(connect: Callable[..., Any], played: Callable[[str], Played]) -> None:
    """
    It may ask for an older version. The first is retired.
    """
    account = played("binance-hmac")
    client = connect(account)

    assert account.rows == chosen(client.futures_account_balance(version=2), account)

    with pytest.raises(BinanceAPIException) as caught:
        client.futures_account_balance(version=1)

    assert -5000 == caught.value.code
    assert "GET /fapi/v1/balance is retired, please use GET /fapi/v2/balance" == caught.value.message


@pytest.mark.parametrize("name", ["binance-hmac", "binance-rsa", "binance-ed25519", "binance-coins"])
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"secret": "b" * 64}, 400, -1022),
        ({"key": "a" * 64}, 401, -2015),
        ({"key": "no-key"}, 401, -2014),
    ],
    ids=["secret", "key", "form of the key"],
)
def test_refused(
    changes: dict[str, str],
    status: int,
    code: int,
    name: str,
    connect: Callable[..., Any],
    played: Callable[[str], Played],
) -> None:
    """
    It understands how the sandbox refuses wrong credentials.
    """
    client = connect(played(name), **changes)
    with pytest.raises(BinanceAPIException) as caught:
        ask(client, name)

    assert (status, code) == (caught.value.status_code, caught.value.code)


def test_clock(connect: Callable[..., Any], played: Callable[[str], Played]) -> None:
    """
    So it does when its clock is ahead.
    """
    client = connect(played("binance-hmac"))
    client.timestamp_offset = 60_000
    with pytest.raises(BinanceAPIException) as caught:
        client.futures_account_balance()

    assert (400, -1021) == (caught.value.status_code, caught.value.code)
    assert "Timestamp for this request was 1000ms ahead of the server's time." == caught.value.message
