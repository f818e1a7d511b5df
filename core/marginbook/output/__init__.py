"""
Forms of a report: for people, for other programs, for spreadsheets.
"""

from marginbook.output.output import Output, View

__all__ = ["Output", "View"]
