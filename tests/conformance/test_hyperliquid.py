"""
Hyperliquid.
"""

from __future__ import annotations

import json
from typing import ClassVar

from marginbook.testing import VenueConformance
from marginbook.testing.matrix import OK
from published import body

ADDRESS = "0x31ca8395cf837de08b24da3f660e77761dfb974b"


def told(kind: str, **about: str) -> tuple[str, bytes]:
    """
    Return what is asked, and what Hyperliquid publishes as its answer.
    """
    return f"/info {json.dumps({'type': kind, **about})}", body("hyperliquid", f"/info#{kind}", "post")


def published(mode: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
    """
    Return an account in a mode, and what it needs to be read. The other dexs are not listed.
    """
    user = {"user": ADDRESS}
    asked, _ = told("userAbstraction", **user)
    tokens = told("spotClearinghouseState", **user)
    state = told("clearinghouseState", **user, dex="")
    names, _ = told("perpDexs")
    return {asked: mode, names: b"[null]", **dict([tokens, state])}, {"address": ADDRESS}


class TestHyperliquid(VenueConformance):
    venue = "hyperliquid"
    bodies: ClassVar = {
        mode: published(json.dumps(mode).encode()) for mode in ("disabled", "unifiedAccount", "portfolioMargin")
    }
    differs: ClassVar = {
        # The first list is that of tokens, which are in no row of this account. With an empty list of dexs, or of
        # positions that are worth something, it is not read.
        "empty-list": ("invalid_response", OK),
    }
