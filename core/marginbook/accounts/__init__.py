"""
Which accounts there are, where their secrets are kept, and who else can read them.
"""

from functools import partial
from typing import TYPE_CHECKING

from marginbook.accounts.account import Account
from marginbook.accounts.references import Found, Secret, resolve
from marginbook.late import find

if TYPE_CHECKING:
    from marginbook.accounts.permissions import exposure, findings
else:
    # This is looked at before a report is made, and not while it is.
    __getattr__ = partial(
        find,
        __name__,
        {
            "exposure": "marginbook.accounts.permissions",
            "findings": "marginbook.accounts.permissions",
        },
    )

__all__ = ["Account", "Found", "Secret", "exposure", "findings", "resolve"]
