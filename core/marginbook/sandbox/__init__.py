"""
A local server that plays venues, to try marginbook and its plugins against real HTTP without a key.

It checks each key, signature and time as the venue does, and answers errors in the venue's own shape. What it tells of
its accounts is made up. It can be told to misbehave.
"""

from marginbook.sandbox.budget import Budget
from marginbook.sandbox.checks import is_number, is_same, now
from marginbook.sandbox.faults import FAULTS, Fault
from marginbook.sandbox.portraits import CANONICAL, PORTRAITS, Portrait, Wallet
from marginbook.sandbox.server import Sandbox
from marginbook.sandbox.stage import Actor, Stage, answer

__all__ = [
    "CANONICAL",
    "FAULTS",
    "PORTRAITS",
    "Actor",
    "Budget",
    "Fault",
    "Portrait",
    "Sandbox",
    "Stage",
    "Wallet",
    "answer",
    "is_number",
    "is_same",
    "now",
]
