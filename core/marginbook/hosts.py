"""
Which machine an address means.
"""

from __future__ import annotations

import functools
import ipaddress


@functools.lru_cache
def is_loopback(host: str) -> bool:
    """
    Say whether *host* is this machine and cannot be another.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
