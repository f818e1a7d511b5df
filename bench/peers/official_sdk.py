"""
Binance's modular SDK for USDⓈ-M futures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from binance_common.configuration import (  # type: ignore[import-not-found]  # lives in an environment of its own
    ConfigurationRestAPI,
)
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (  # type: ignore[import-not-found]  # likewise
    DerivativesTradingUsdsFutures,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def connect(url: str) -> Callable[[], Any]:
    """
    Return what asks for the balance, and reads it into the SDK's models.
    """
    settings = ConfigurationRestAPI(
        api_key="key",
        api_secret="secret",  # noqa: S106  # worthless
        base_path=url,
        # Its own second is short for a machine that is busy.
        timeout=60_000,
    )
    client = DerivativesTradingUsdsFutures(config_rest_api=settings).rest_api
    return lambda: client.futures_account_balance_v3().data()


def wallet(answer: Any) -> Any:
    """
    Return the first wallet.
    """
    return answer[0].balance
