"""
Binance futures: USDⓈ-M and COIN-M, and Portfolio Margin.

They are venues of their own, since they have separate wallets, and a plugin each: who has accounts of one waits for the
import of no other.
"""
