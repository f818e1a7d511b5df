"""
binance-futures-connector, by Binance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from binance.um_futures import UMFutures  # type: ignore[import-not-found]  # lives in an environment of its own

if TYPE_CHECKING:
    from collections.abc import Callable


def connect(url: str) -> Callable[[], Any]:
    """
    Return what asks for the balance.
    """
    ask: Callable[[], Any] = UMFutures(key="key", secret="secret", base_url=url).balance  # noqa: S106  # worthless
    return ask


def wallet(answer: Any) -> Any:
    """
    Return the first wallet.
    """
    return answer[0]["balance"]
