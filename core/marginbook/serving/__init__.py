"""
The newest report over HTTP, to be read and not changed.
"""

from marginbook.serving.newest import Keeper, Newest
from marginbook.serving.server import Server
from marginbook.serving.site import Site
from marginbook.serving.tokens import Token

__all__ = ["Keeper", "Newest", "Server", "Site", "Token"]
