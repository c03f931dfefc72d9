// Sorting: a heading becomes a button that goes through "downwards", "upwards" and "as it was".

const NEXT = { none: "descending", descending: "ascending", ascending: "none" };

function sortTables() {
  for (const [table] of exploredTables()) {
    const printed = [...table.tBodies[0].children];
    rememberGroups(printed);
    for (const heading of sortableHeadings(table)) {
      const button = make("button", { type: "button", class: "sort" }, ...heading.childNodes);
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const order = NEXT[heading.getAttribute("aria-sort")];
        for (const other of all("[aria-sort]", table)) other.setAttribute("aria-sort", "none");
        heading.setAttribute("aria-sort", order);
        sortTable(table, printed, order, keyOf(heading));
      });
    }
  }
}

// Those that stand over one column of cells, or over the headings of the lines.
function sortableHeadings(table) {
  return all("thead th", table).filter((heading) => {
    const columns = columnsUnder(heading);
    return heading.textContent.trim() && ("heading" in heading.dataset || columns.length === 1);
  });
}

function rememberGroups(lines) {
  let group = "";
  for (const line of lines) {
    if (line.matches(".group")) group = line.textContent;
    line.group = group;
  }
}

function keyOf(heading) {
  if ("heading" in heading.dataset) {
    return (line) => all(":scope > th", line)[heading.dataset.heading]?.textContent.trim().toLowerCase() ?? "";
  }
  const [index] = columnsUnder(heading);
  return (line) => valueOf(cellsOf(line)[index]);
}

// A cell's number, or its text; null where it has neither, which is sorted to the end.
function valueOf(cell) {
  const number = cell.dataset.value || (cell.dataset.state === "published" && cell.dataset.reported);
  if (number) return Number(number);
  const text = cell.textContent.trim();
  return "value" in cell.dataset || !text ? null : text;
}

function sortTable(table, printed, order, key) {
  const body = table.tBodies[0];
  if (order === "none") {
    delete table.dataset.sorted;
    body.append(...printed);
  } else {
    table.dataset.sorted = order;
    const direction = order === "ascending" ? 1 : -1;
    const keyed = printed.filter((line) => !line.matches(".group")).map((line) => [key(line), line]);
    keyed.sort(([a], [b]) => (a === null || b === null ? (a === null) - (b === null) : direction * compared(a, b)));
    body.append(...printed.filter((line) => line.matches(".group")), ...keyed.map(([, line]) => line));
  }
  table.dispatchEvent(new Event("reordered"));
}

function compared(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
