
"use strict";
(() => {
  const NUMBER = /^(-?)(\d+)(?:\.(\d+))?$/;
  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const DAY = 86400;

  // How old the report is, by the reader's clock.
  function age(seconds) {
    const parts = [];
    for (const [size, unit] of UNITS) {
      const amount = Math.floor(seconds / size);
      seconds -= amount * size;
      if (amount || parts.length || size === 1) parts.push(`${amount} ${unit}`);
    }
    return parts.slice(0, 2).join(" ");
  }

  function tell(place) {
    const seconds = Math.floor((Date.now() - Date.parse(place.dataset.since)) / 1000);
    place.textContent = seconds < 0 ? "That is ahead of this computer's clock." : `That was ${age(seconds)} ago.`;
    place.classList.toggle("old", seconds >= DAY);
  }

  const place = document.getElementById("age");
  tell(place);
  setInterval(tell, 10000, place);

  // Amounts are compared as whole numbers of the column's smallest unit, so that no digit is lost.
  function numbers(texts) {
    const found = texts.map(text => text === null ? null : NUMBER.exec(text));
    const places = found.reduce((most, digits) => Math.max(most, digits?.[3]?.length ?? 0), 0);
    return found.map(digits => digits && BigInt(digits[1] + digits[2] + (digits[3] ?? "").padEnd(places, "0")));
  }

  // What is not known has no key.
  function text(cell) {
    if (cell.classList.contains("u")) return null;
    const said = cell.dataset.key ?? cell.firstChild?.textContent ?? "";
    return said === "" ? null : said;
  }

  const collator = new Intl.Collator("en", { numeric: true });
  const compare = {
    text: (a, b) => collator.compare(a, b) || (a < b ? -1 : Number(a > b)),
    time: (a, b) => a < b ? -1 : Number(a > b),
    number: (a, b) => a < b ? -1 : Number(a > b),
  };

  function sort(table, heading) {
    const ascending = heading.getAttribute("aria-sort") !== "ascending";
    const kind = heading.dataset.kind, body = table.tBodies[0];
    const rows = table.inOrder, texts = rows.map(row => text(row.cells[heading.cellIndex]));
    const keys = kind === "number" ? numbers(texts) : texts;
    const known = [], unknown = [];
    keys.forEach((key, i) => (key === null ? unknown : known).push(i));
    const sign = ascending ? 1 : -1;
    known.sort((a, b) => sign * compare[kind](keys[a], keys[b]) || a - b);
    body.append(...[...known, ...unknown].map(i => rows[i]));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  }

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  // Rows that do not hold every word that is asked for are hidden, and counted.
  function tools(table) {
    const rows = table.inOrder;
    const texts = rows.map(row => [0, 1, 2].map(i => row.cells[i].textContent).join(" ").toLowerCase());
    const words = element("input", { type: "search", autocomplete: "off", spellcheck: false });
    const zeros = element("input", { type: "checkbox", checked: document.documentElement.dataset.zeros === "hidden" });
    const count = element("output", {});

    function filter() {
      const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, i) => {
        row.hidden = !asked.every(word => texts[i].includes(word)) || (zeros.checked && "zero" in row.dataset);
        shown += !row.hidden;
      });
      const why = asked.length ? ` with “${asked.join(" ")}”` : "";
      count.textContent = shown === rows.length ? `${rows.length} rows` : `${shown} of ${rows.length} rows${why}`;
    }

    const parts = [element("label", {}, "Filter accounts, venues and assets", words)];
    const folded = rows.filter(row => "zero" in row.dataset).length;
    if (folded) parts.push(element("label", {}, zeros, `Hide ${folded} that hold nothing`));
    words.addEventListener("input", filter);
    zeros.addEventListener("change", filter);
    filter();
    return element("div", { className: "tools" }, ...parts, count);
  }

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    table.inOrder = [...table.tBodies[0].rows];
    for (const heading of table.tHead.rows[0].cells) {
      const button = element("button", { type: "button" }, ...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, heading));
    }
    table.parentElement.before(tools(table));
  }
})();
