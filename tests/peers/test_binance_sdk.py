"""
Binance's own SDK reads the sandbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from binance_common.configuration import (  # type: ignore[import-not-found]  # lives in an environment of its own
    ConfigurationRestAPI,
)
from binance_common.errors import (  # type: ignore[import-not-found]  # likewise
    BadRequestError,
    TooManyRequestsError,
    UnauthorizedError,
)
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (  # type: ignore[import-not-found]  # likewise
    DerivativesTradingUsdsFutures,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.peers.conftest import Played

NAMES = ["binance-hmac", "binance-rsa", "binance-ed25519"]


def connect(account: Played, *, key: str | None = None, secret: str | None = None) -> Any:
    """
    Return its client, at the sandbox.
    """
    given = secret or account.secret
    configuration = ConfigurationRestAPI(
        api_key=key or account.key,
        base_path=account.url,
        # Its own second would be short for a machine that is busy.
        timeout=10_000,
        **{"private_key" if "-----" in given else "api_secret": given},
    )
    return DerivativesTradingUsdsFutures(config_rest_api=configuration).rest_api


@pytest.mark.parametrize("call", ["futures_account_balance_v3", "futures_account_balance_v2"])
@pytest.mark.parametrize("name", NAMES)
def test_balance(name: str, call: str, played: Callable[[str], Played]) -> None:
    """
    It signs with all three kinds of keys, and its models hold the digits that marginbook reads.
    """
    account = played(name)
    rows = [row.to_dict() for row in getattr(connect(account), call)().data()]
    words = next(iter(account.rows.values()))

    assert account.rows == {row["asset"]: {word: row[word] for word in words} for row in rows}
    # All that the sandbox sends has a place in its models.
    assert [{}] * len(rows) == [row["additional_properties"] for row in rows]


@pytest.mark.usefixtures("clock")
def test_weight(played: Callable[[str], Played]) -> None:
    """
    It finds what has been spent in the headers.
    """
    # marginbook has asked already, from the same address.
    client = connect(played("binance-hmac"))
    responses = [client.futures_account_balance_v3(), client.futures_account_balance_v2()]

    assert [
        [("REQUEST_WEIGHT", 1, "MINUTE", 10)],
        [("REQUEST_WEIGHT", 1, "MINUTE", 20)],
    ] == [
        [(limit.rateLimitType, limit.intervalNum, limit.interval, limit.count) for limit in response.rate_limits]
        for response in responses
    ]


@pytest.mark.parametrize("name", NAMES)
def test_wrong_secret(name: str, played: Callable[[str], Played]) -> None:
    """
    It understands how the sandbox refuses a wrong secret.
    """
    with pytest.raises(BadRequestError) as caught:
        connect(played(name), secret="b" * 64).futures_account_balance_v3()

    # It keeps Binance's code where one would look for the status.
    assert (-1022, "Signature for this request is not valid.") == (caught.value.status_code, caught.value.error_message)


@pytest.mark.parametrize(("key", "code"), [("a" * 64, -2015), ("no-key", -2014)])
@pytest.mark.parametrize("name", NAMES)
def test_wrong_key(name: str, key: str, code: int, played: Callable[[str], Played]) -> None:
    """
    So it does with a wrong key.
    """
    with pytest.raises(UnauthorizedError) as caught:
        connect(played(name), key=key).futures_account_balance_v3()

    assert code == caught.value.status_code


@pytest.mark.usefixtures("clock")
def test_limit(played: Callable[[str], Played]) -> None:
    """
    So it does when it asks too often, and it knows for how long.
    """
    client = connect(played("binance-hmac"))
    for _ in range(239):
        client.futures_account_balance_v2()
    with pytest.raises(TooManyRequestsError) as caught:
        client.futures_account_balance_v2()

    assert (-1003, 12) == (caught.value.status_code, caught.value.retry_after)
