"""
What a report is worth: where the prices come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from marginbook.cli.telling import tell
from marginbook.errors import ConfigurationError
from marginbook.pricing import load_prices, prices, sources_for
from marginbook.report import PriceBook, check_currency
from marginbook.values import Price

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from marginbook.report import BalanceReport, Valuation


@frozen
class Pricing:
    """
    Where prices come from: a user's own, and the sources to ask.
    """

    currency: str
    table: tuple[Price, ...]
    sources: tuple[str, ...]
    base_urls: dict[str, str]

    @classmethod
    def of(
        cls, currency: str | None, table: Path | None, named: Sequence[str], venues: Collection[str]
    ) -> Pricing | None:
        """
        Check what was asked, before anybody else is.

        Raises:
            ConfigurationError: There is no such source or file, or prices and nothing to be valued.

        """
        if currency is None:
            if table or named:
                msg = "There are prices, and nothing is to be valued."
                raise ConfigurationError(msg, hint="Add --value-in, with the currency: --value-in USD.")
            return None
        check_currency(currency)
        urls = {name: url for name, _, url in (each.partition("=") for each in named)}
        base_urls = {name: url for name, url in urls.items() if url}
        known = sources_for(None)
        sources = tuple(sources_for([*urls, *(name for name in known if name in venues)], base_urls))
        return cls(currency, load_prices(table) if table else (), sources, base_urls)

    def value(self, made: BalanceReport, *, timeout: float, quiet: bool, ask: bool = True) -> Valuation:
        """
        Ask the sources, and say on standard error which ones, and which cannot be asked.

        Without *ask*, nobody is asked: a user's own prices have to do.
        """
        if not ask:
            return made.valued(self.currency, PriceBook(prices=self.table))
        book = prices(self.sources, timeout=timeout, base_urls=self.base_urls)
        failed = {failure.venue: failure for failure in book.failures}
        for name in () if quiet else book.sources:
            tell(f"prices of {name}: {f'failed: {failed[name].kind}' if name in failed else 'ok'}")
        return made.valued(self.currency, book.preferring(self.table))
