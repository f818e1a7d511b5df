"""
What the page says in words: whether it is complete, what is missing, and what there is to remark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from marginbook.output.page.markup import count, names, tag, time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.report import BalanceReport, Failure


def section(name: str, title: str, *parts: str, class_: str | None = None) -> Markup:
    """
    Return a part of the page that can be linked to.
    """
    heading = tag("h2", title, id=f"{name}-title")
    return tag("section", heading, *parts, id=name, aria_labelledby=f"{name}-title", class_=class_)


def paragraph(*parts: str, class_: str | None = None, title: str | None = None) -> Markup:
    """
    Return a paragraph.
    """
    return tag("p", *parts, class_=class_, title=title)


def headline(report: BalanceReport) -> str:
    """
    Say in a few words whether anything is missing.
    """
    asked, read = len(report.accounts), len(report.accounts) - len(report.failures)
    return f"{'Complete' if report.complete else 'INCOMPLETE'}: {read:,} of {count(asked, 'account')}"


def header(report: BalanceReport) -> Markup:
    """
    Return the headline, when that was, and the live age, which stays a plain sentence where no script runs.
    """
    live = tag("span", "Compare it with your clock.", id="age", data_since=report.started_at.isoformat())
    return tag(
        "header",
        paragraph("Margin balances", class_="what"),
        tag("h1", headline(report), class_="complete" if report.complete else "incomplete"),
        paragraph("As of ", time(report.started_at), " to ", time(report.finished_at), ". ", live, class_="when"),
        paragraph("No account was asked for, so there is nothing to show.") if not report.accounts else "",
    )


def without(report: BalanceReport) -> Markup:
    """
    Warn that sums lack the accounts that could not be read. Nothing where there are none.
    """
    if report.complete:
        return Markup()
    link = tag("a", "why", href="#failures")
    return paragraph(
        tag("strong", "INCOMPLETE: "), "without ", names(report.missing), " (", link, ").", class_="warning"
    )


def failures(report: BalanceReport) -> Markup:
    """
    Return the accounts that could not be read, and why.
    """
    if report.complete:
        return Markup()
    title = f"{count(len(report.failures), 'account')} could not be read"
    said = "Nothing below holds any figure of them."
    return section("failures", title, paragraph(said), tag("ul", *map(_failure, report.failures), class_="failures"))


def _failure(failure: Failure) -> Markup:
    return tag(
        "li",
        tag("h3", tag("bdi", failure.account), " ", tag("span", failure.venue, class_="venue")),
        paragraph(tag("span", failure.kind, class_="kind"), " ", failure.message),
        paragraph(failure.hint, class_="hint") if failure.hint else "",
        paragraph("Not before ", time(failure.until), ".") if failure.until else "",
    )


def empty(report: BalanceReport) -> Markup:
    """
    Name the accounts that could be read and hold nothing at all, since no row does.
    """
    mentioned = {balance.account for balance in report.balances} | set(report.missing)
    found = [name for name in report.accounts if name not in mentioned]
    return paragraph("The venue reports no assets of ", names(found), ".", class_="remark") if found else Markup()


def remarks(report: BalanceReport, footnotes: Iterable[str]) -> Markup:
    """
    Return each remark once, with the accounts that it is about, then the footnotes of the rows.
    """
    found: dict[str, list[str]] = {}
    for note in report.notes:
        found.setdefault(note.message, []).extend(filter(None, [note.account]))
    said = [tag("li", *([names(who), ": "] if who else []), message) for message, who in found.items()]
    numbered = [tag("li", text, id=f"note-{number}") for number, text in enumerate(footnotes, start=1)]
    lists = [tag("ul", *said) if said else "", tag("ol", *numbered) if numbered else ""]
    return section("notes", "Notes", *lists, class_="notes") if said or numbered else Markup()
