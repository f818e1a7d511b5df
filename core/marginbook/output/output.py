"""
What a plugin tells about a form of the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Literal

from attrs import Attribute, field, frozen

from marginbook.errors import PluginError

if TYPE_CHECKING:
    from marginbook.report import BalanceReport, Valuation  # noqa: TC004  # below it; nothing evaluates the annotation

    Write = Callable[["View"], str | bytes]

_WORDS: Final = "abcdefghijklmnopqrstuvwxyz0123456789-"


@frozen
class View:
    """
    A report, and how to look at it.

    Args:
        report: What is shown.

        valuation: What it is worth, where that was asked for.

        by: What rows belong together: ``"account"``, ``"venue"`` or ``"asset"``. Only forms for people heed it.

        zeros: False to fold the rows that hold nothing. Only forms for people heed it.

    """

    report: BalanceReport
    valuation: Valuation | None = None
    by: Literal["account", "venue", "asset"] = field(default="account", kw_only=True)
    zeros: bool = field(default=True, kw_only=True)


def _suffixes(suffixes: Iterable[str]) -> tuple[str, ...]:
    return tuple(suffixes)


@frozen(kw_only=True)
class Output:
    """
    A form that a report can be written in.

    Args:
        name: What ``--format`` calls it, in lower case. An entry point ``output.NAME`` leads to the plugin.

        title: What it is for, in one sentence.

        write: Makes it: ``write(view) -> str | bytes``. It says whether the report is complete, writes no file, and
            raises ConfigurationError, with the extra to install, where a package is missing.

        suffixes: How files of this form end, such as ``(".xlsx",)``: a file of that name needs no ``--format``.

        show: Prints it on standard output, where it looks at the terminal; else what *write* makes is printed.

        binary: True if it is no text, so that it is never printed on a terminal.

        check: Raises ConfigurationError where a package is missing. Asked before any account is.

    Raises:
        PluginError: The name is no lower-case word.

    """

    name: str = field()
    title: str
    write: Write = field(repr=False)
    suffixes: tuple[str, ...] = field(default=(), converter=_suffixes)
    show: Callable[[View], object] | None = field(default=None, repr=False)
    binary: bool = False
    check: Callable[[], object] | None = field(default=None, repr=False)

    @name.validator
    def _check_name(self, _: Attribute[Any], value: str) -> None:
        if not value or value.strip(_WORDS):
            msg = f"{value!r} cannot be the name of an output."
            raise PluginError(msg, hint="Use lower-case letters, digits and hyphens.")
