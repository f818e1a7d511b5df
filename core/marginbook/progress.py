"""
How far the making of a report is.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    # Far above it; nothing evaluates the annotation.
    from marginbook.report import Failure  # noqa: TC004


@frozen
class Wait:
    """
    Who waits until a host may be asked again.
    """

    #: Host and port.
    host: str
    #: How many accounts wait.
    accounts: int
    #: Until when, by this machine's clock. Then some of them go on; others may have to wait again.
    until: datetime


@frozen
class Progress:
    """
    One more account is done.
    """

    #: How many are done, this one included.
    done: int
    #: How many were asked for.
    asked: int
    #: Our name of the account.
    account: str
    #: Why it could not be read, or None.
    failure: Failure | None
    #: How many of those that are done could not be read.
    failed: int = 0
    #: Who waits for a rate limit, host by host, and until when. What waits in other processes is not seen from here.
    waiting: tuple[Wait, ...] = ()
