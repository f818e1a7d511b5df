"""
The page in a browser: at several widths, by mouse, by keyboard, on paper, and without scripts.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import Locator, expect

from marginbook.output import View
from marginbook.values import plain
from scenes import COMPLETE, EMPTY, FAILED, LONG, LONGER, PAGES, PLAIN, RICH, START, VALUED, large

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    Opens = Callable[..., Page]

WIDTHS: Final = (360, 768, 1280, 1600)

#: The elements with a text of their own, in what colours and how large. A background is that of the nearest with one.
COLOURS: Final = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const bytes = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const back = element => {
    for (let e = element; e; e = e.parentElement) {
      const found = bytes(getComputedStyle(e).backgroundColor);
      if (found[3]) return found;
    }
    return [255, 255, 255, 255];
  };
  const own = e => [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim());
  return [...document.body.querySelectorAll("*")].filter(e => own(e) && e.checkVisibility()).map(e => {
    const style = getComputedStyle(e);
    return {
      text: `${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}`, size: parseFloat(style.fontSize),
      weight: parseInt(style.fontWeight), fore: bytes(style.color), back: back(e)
    };
  });
}"""


#: Lets one wait until what has the focus is scrolled. The page's policy forbids what Playwright itself would do.
SCROLLED: Final = """() => {
  const frame = document.activeElement;
  window.scrolled = new Promise(done => frame.addEventListener("scroll", () => done(frame.scrollLeft), { once: true }));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", PAGES.values(), ids=list(PAGES))
def test_the_page_never_scrolls_sideways(opens: Opens, view: View, width: int, scheme: str) -> None:
    """
    What is wider than the screen scrolls in a frame of its own.
    """
    tab = opens(view, viewport={"width": width, "height": 800}, color_scheme=scheme)

    assert tab.evaluate("document.scrollingElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("view", [VALUED, COMPLETE, EMPTY], ids=["valued", "complete", "empty"])
def test_every_text_can_be_read(opens: Opens, view: View, media: Any, scheme: Any) -> None:
    """
    Contrast is at least 4.5, or 3 for what is large: WCAG 2, level AA.
    """
    # On the day itself, and much later: the age changes its colour.
    for at in (START, START + timedelta(days=9)):
        tab = opens(view, at=at, color_scheme=scheme)
        tab.emulate_media(media=media, color_scheme=scheme)
        texts = tab.evaluate(COLOURS)

        assert texts
        assert [] == [(text["text"], contrast(text)) for text in texts if contrast(text) < needed(text)]


def contrast(text: dict[str, Any]) -> float:
    dark, light = sorted((luminance(text["fore"]), luminance(text["back"])))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: list[int]) -> float:
    shares = [value / 255 for value in colour[:3]]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def needed(text: dict[str, Any]) -> float:
    return 3 if text["size"] >= 24 or (text["size"] >= 18.67 and text["weight"] >= 700) else 4.5


def test_contrast_is_measured() -> None:
    """
    Black on white is 21, and the usual grey that just fails is below 4.5.
    """
    white = [255, 255, 255, 255]

    assert 21 == contrast({"fore": [0, 0, 0, 255], "back": white})
    assert 4.4 < contrast({"fore": [119, 119, 119, 255], "back": white}) < 4.5


def test_the_two_schemes_differ(opens: Opens) -> None:
    """
    Dark is dark, and light is light.
    """
    light, dark = (
        opens(VALUED, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    )

    assert ("rgb(244, 246, 249)", "rgb(16, 20, 27)") == (light, dark)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", [VALUED, PLAIN, FAILED], ids=["valued", "plain", "failed"])
def test_failures_stand_above_figures(opens: Opens, view: View, width: int) -> None:
    """
    At any width, on the first screen.
    """
    tab = opens(view, viewport={"width": width, "height": 800})
    tops = [box["y"] for box in map(Locator.bounding_box, tab.locator("main > section").all()) if box]

    assert "failures" == tab.locator("main > section").first.get_attribute("id")
    assert sorted(tops) == tops
    assert tops[0] < 400


def column(tab: Page, heading: str) -> list[str]:
    index = tab.locator("#rows-table thead th").all_inner_texts().index(heading)
    read = "(body, i) => [...body.rows].map(row => row.cells[i].dataset.key ?? row.cells[i].textContent)"
    keys: list[str] = tab.locator("#rows-table tbody").evaluate(read, index)
    return [key.rstrip("*") for key in keys]


def headings(tab: Page, kind: str) -> list[str]:
    return tab.locator(f"#rows-table thead th[data-kind={kind}]").all_inner_texts()


def press(tab: Page, heading: str) -> None:
    tab.locator("#rows-table thead th").filter(has_text=re.compile(f"^{re.escape(heading)}$")).locator("button").click()


def test_sorting_is_exact(opens: Opens) -> None:
    """
    Every column of figures, up and down, in the order of its decimals; what is not known stands last both times.
    """
    tab = opens(VALUED)
    figures = headings(tab, "number")

    assert {"wallet", "unrealized PnL", "equity", "margin ratio", "age when asked", "equity in USD"} <= set(figures)
    for heading in figures:
        texts = column(tab, heading)
        known, rest = [t for t in texts if t not in {"?", ""}], [t for t in texts if t in {"?", ""}]
        for reverse in (False, True):
            press(tab, heading)
            found = column(tab, heading)

            assert sorted(map(Decimal, known), reverse=reverse) == list(map(Decimal, found[: len(known)]))
            assert sorted(rest) == sorted(found[len(known) :])


def test_digits_beyond_a_float_are_sorted(opens: Opens) -> None:
    """
    Two amounts that are one float are in their own order, up and down.
    """
    tab = opens(PLAIN)

    assert float(LONG) == float(LONGER)
    press(tab, "wallet")
    assert [LONG, LONGER] == [text for text in column(tab, "wallet") if text in {LONG, LONGER}]
    press(tab, "wallet")
    assert [LONGER, LONG] == [text for text in column(tab, "wallet") if text in {LONG, LONGER}]


def test_sorting_by_name_and_by_time(opens: Opens) -> None:
    """
    desk-2 stands before desk-10, and times are in order; the heading says which column and which way.
    """
    tab = opens(VALUED)
    by = tab.locator("#rows-table thead th[aria-sort]")

    expect(by).to_have_text("account")
    press(tab, "account")
    expect(by).to_have_attribute("aria-sort", "descending")
    press(tab, "account")
    expect(by).to_have_attribute("aria-sort", "ascending")
    assert sorted(RICH.accounts, key=lambda name: (name.split("-")[0], len(name), name)) == list(
        dict.fromkeys(column(tab, "account"))
    )
    press(tab, "updated (UTC)")
    expect(by).to_have_text("updated (UTC)")
    known = [text for text in column(tab, "updated (UTC)") if text not in {"?", ""}]
    assert sorted(known) == known == column(tab, "updated (UTC)")[: len(known)]


def test_sorting_loses_no_row(opens: Opens) -> None:
    """
    After any sort, the same rows are there.
    """
    tab = opens(VALUED)
    before = sorted(tab.locator("#rows-table tbody tr").all_inner_texts())
    for heading in tab.locator("#rows-table thead th").all_inner_texts():
        press(tab, heading)

    assert before == sorted(tab.locator("#rows-table tbody tr").all_inner_texts())


def test_filtering(opens: Opens) -> None:
    """
    Rows that hold every word, in whatever case, with how many that are; failed accounts can be found as well.
    """
    tab = opens(VALUED)
    rows, field, count = (
        tab.locator("#rows-table tbody tr:visible"),
        tab.get_by_role("searchbox"),
        tab.locator("output"),
    )

    expect(count).to_have_text("14 rows")
    field.fill("DESK usdt")
    expect(rows).to_have_count(1)
    expect(count).to_have_text("1 of 14 rows with “desk usdt”")
    press(tab, "wallet")
    expect(rows).to_have_count(1)
    field.fill("treasury")
    assert ["treasury"] == [row.split()[0] for row in rows.all_inner_texts()]
    field.fill("nobody")
    expect(count).to_have_text("0 of 14 rows with “nobody”")
    field.fill("")
    expect(rows).to_have_count(14)


def test_rows_that_hold_nothing(opens: Opens) -> None:
    """
    They are hidden by a click, or from the start where that was asked for, and counted all the same.
    """
    tab = opens(VALUED)
    tab.get_by_label("Hide 1 that hold nothing").check()

    expect(tab.locator("output")).to_have_text("13 of 14 rows")
    tab = opens(View(RICH, zeros=False))
    expect(tab.locator("output")).to_have_text("13 of 14 rows")
    expect(tab.get_by_role("cell", name="BNB", exact=True).last).to_be_hidden()
    expect(opens(COMPLETE).get_by_role("checkbox")).to_have_count(0)


def test_by_keyboard(opens: Opens) -> None:
    """
    From the top of the page, with the tabulator alone: skip, filter, sort, and scroll. What has the focus can be seen.
    """
    tab = opens(VALUED, viewport={"width": 768, "height": 800})
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Skip to the figures")).to_be_in_viewport()
    to(tab, "INPUT")
    tab.keyboard.type("coinm")
    expect(tab.locator("#rows-table tbody tr:visible")).to_have_count(2)
    to(tab, "rows-caption")
    tab.evaluate(SCROLLED)
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("scrolled") > 0
    to(tab, "equity")
    tab.keyboard.press("Enter")
    expect(tab.locator("th[aria-sort]")).to_have_text("equity")
    tab.keyboard.press("Space")
    expect(tab.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    assert "solid" == tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")


def to(tab: Page, name: str) -> None:
    """
    Press the tabulator until what has the focus is, or is labelled by, or says *name*.
    """
    said = "(e => [e.tagName, e.getAttribute('aria-labelledby'), e.textContent])(document.activeElement)"
    for _ in range(60):
        tab.keyboard.press("Tab")
        if name in tab.evaluate(said):
            return
    pytest.fail(f"The tabulator does not lead to {name}.")


@pytest.mark.parametrize("view", [VALUED, PLAIN, FAILED], ids=["valued", "plain", "failed"])
def test_on_paper(opens: Opens, view: View) -> None:
    """
    White, with nothing cut: no frame holds more than it shows, and no cell does.
    """
    # A4 in landscape, without its margins.
    tab = opens(view, viewport={"width": 1031, "height": 680}, color_scheme="dark")
    tab.emulate_media(media="print", color_scheme="dark")
    style = "getComputedStyle(document.body)"
    cut = "frames => frames.filter(f => f.scrollWidth > f.clientWidth).map(f => f.textContent.slice(0, 40))"

    assert ["rgb(255, 255, 255)", "rgb(0, 0, 0)"] == tab.evaluate(f"[{style}.backgroundColor, {style}.color]")
    assert tab.evaluate("document.scrollingElement.scrollWidth") <= 1031
    assert [] == tab.locator(".scroll").evaluate_all(cut)
    assert [] == tab.locator("td, th").evaluate_all(cut)
    expect(tab.locator(".tools label").first).to_be_hidden()


def test_labels_on_paper(opens: Opens) -> None:
    """
    Each figure of a wide table has the heading of its column, the same as on the screen.
    """
    tab = opens(VALUED)
    names = tab.locator("#rows-table thead th").all_inner_texts()
    tab.emulate_media(media="print")
    labels = "cells => cells.map(cell => getComputedStyle(cell, '::before').content.slice(1, -1))"

    assert "wide" == tab.locator("#rows-table").get_attribute("class")
    assert names == tab.locator("#rows-table tbody tr").first.locator("> *").evaluate_all(labels)
    assert tab.pdf(prefer_css_page_size=True).startswith(b"%PDF")


@pytest.mark.parametrize("view", [VALUED, PLAIN], ids=["valued", "plain"])
def test_without_scripts(opens: Opens, view: View) -> None:
    """
    All is there to be seen, and nothing that would not work.
    """
    tab = opens(view, java_script_enabled=False)
    text = tab.locator("body").inner_text()

    expect(tab.locator("#rows-table tbody tr:visible")).to_have_count(14)
    expect(tab.locator("button, input")).to_have_count(0)
    assert "Compare it with your clock." in text
    for balance in RICH.balances:
        assert balance.wallet_balance is None or plain(balance.wallet_balance) in text


@pytest.mark.parametrize(
    ("later", "text", "old"),
    [
        (timedelta(seconds=59), "That was 59 s ago.", ""),
        (timedelta(hours=3, minutes=5), "That was 3 h 5 min ago.", ""),
        (timedelta(days=2), "That was 2 d 0 h ago.", "old"),
        (timedelta(minutes=-1), "That is ahead of this computer's clock.", ""),
    ],
)
def test_the_age_of_the_report(opens: Opens, later: timedelta, text: str, old: str) -> None:
    """
    By the reader's clock; a day later it stands out.
    """
    age = opens(VALUED, at=START + later).locator("#age")

    expect(age).to_have_text(text)
    assert old == (age.get_attribute("class") or "")


def test_names_do_nothing(opens: Opens) -> None:
    """
    A name that is a script is shown, and does not run.
    """
    tab = opens(VALUED)
    tab.on("dialog", lambda dialog: pytest.fail(dialog.message))

    expect(tab.locator("#rows-table").get_by_text("<script>alert('x')</script>")).to_be_visible()
    assert 1 == tab.locator("script").count()


def test_a_large_page_is_sorted(opens: Opens) -> None:
    """
    Thousands of rows, in exact order.
    """
    tab = opens(large(2000))
    press(tab, "wallet")
    found = list(map(Decimal, column(tab, "wallet")))

    assert (2000, sorted(found)) == (len(found), found)
