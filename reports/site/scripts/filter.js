// Filters: a cell is wanted when its row, column, task and state are; lines and columns without any wanted cell go.

function filterTables() {
  for (const [table, tools] of exploredTables()) {
    const change = () => filterTable(table, tools);
    for (const control of all("input, select", tools)) control.addEventListener("input", change);
    table.addEventListener("reordered", change);
    document.addEventListener("reveal", (event) => {
      if (table.contains(event.detail) && (event.detail.closest("[hidden]") || event.detail.matches(".dimmed"))) {
        for (const control of all("input[type=search], select", tools)) control.value = "";
        for (const box of all("input[type=checkbox]", tools)) box.checked = true;
        change();
      }
    });
    // Browsers that go back to a page bring back what was typed.
    change();
  }
}

function filterTable(table, tools) {
  const words = tools.querySelector("input[type=search]").value.toLowerCase().split(/\s+/).filter(Boolean);
  const filters = all("select", tools).filter((select) => select.value);
  const reported = tools.querySelector("input[name=reported]");
  table.classList.toggle("without-reported", reported !== null && !reported.checked);
  const byLine = "lines" in table.dataset;
  const columns = byLine ? [] : columnTexts(table);
  const wantedColumns = new Set();
  const lines = linesOf(table);
  let shown = 0;
  for (const line of lines) {
    const own = lineText(line, byLine);
    const isLeftOut = line.matches(".published") && reported !== null && !reported.checked;
    let isWanted = false;
    cellsOf(line).forEach((cell, index) => {
      const text = byLine ? own : `${own} ${columns[index]}`;
      const fits = !isLeftOut && words.every((word) => text.includes(word))
        && filters.every(({ name, value }) => ["", value].includes(cell.dataset[name] ?? line.dataset[name]));
      cell.classList.toggle("dimmed", !fits);
      if (fits) wantedColumns.add(index);
      isWanted ||= fits;
    });
    line.hidden = !isWanted;
    shown += isWanted;
  }
  if (!byLine) showColumns(table, shown ? (index) => wantedColumns.has(index) : () => true);
  showGroups(table);
  markRepeats(lines);
  const count = tools.querySelector(".shown");
  count.textContent = shown === lines.length ? "" : shown ? `${shown} of ${lines.length} rows` : "No row fits.";
}

// What is found in a line: of a run all that stands in it and in its drawer, and on the page of all trials the settings
// that tell it apart; else its headings and the group above it.
function lineText(line, byLine) {
  if (byLine) {
    line.found ??= `${line.textContent} ${settingsText(line)} ${drawerOf(line)?.textContent ?? ""}`.toLowerCase();
    return line.found;
  }
  const headings = all(":scope > th", line).map((heading) => heading.textContent).join(" ");
  return `${headings} ${line.group}`.toLowerCase();
}

function settingsText(line) {
  const numbers = (line.dataset.find ?? "").split(" ").filter(Boolean);
  const facts = all("#varied-settings > div");
  const told = (line.dataset.settings ?? "").split(" ");
  return numbers.map((number) => {
    const [name, values] = facts[number].children;
    return `${name.textContent} ${values.children[told[number]].textContent}`;
  }).join(" ");
}

function columnsUnder(heading) {
  return (heading.dataset.columns ?? "").split(" ").filter(Boolean).map(Number);
}

function columnTexts(table) {
  const texts = [];
  for (const heading of all("thead th[data-columns]", table)) {
    for (const index of columnsUnder(heading)) {
      texts[index] = `${texts[index] ?? ""} ${heading.textContent}`.toLowerCase();
    }
  }
  return texts;
}

function showColumns(table, isWanted) {
  for (const heading of all("thead th[data-columns]", table)) {
    const across = columnsUnder(heading).filter(isWanted).length;
    heading.hidden = across === 0;
    heading.colSpan = Math.max(1, across);
  }
  for (const line of linesOf(table)) {
    cellsOf(line).forEach((cell, index) => { cell.hidden = !isWanted(index); });
  }
}

// The heading of a group stays while a line of the group does, and goes while lines are sorted out of their groups.
function showGroups(table) {
  for (const group of all("tbody > .group", table)) {
    let below = group.nextElementSibling;
    while (below && below.hidden && !below.matches(".group")) below = below.nextElementSibling;
    group.hidden = "sorted" in table.dataset || !below || below.matches(".group");
  }
}

// A heading that says the same as the one above it is printed once.
function markRepeats(lines) {
  let above = null;
  for (const line of lines.filter((line) => !line.hidden)) {
    const heading = line.querySelector(":scope > th.line");
    if (!heading || !line.querySelector(":scope > th.inner")) return;
    const text = `${line.group}: ${heading.firstElementChild.textContent}`;
    heading.classList.toggle("repeats", text === above);
    above = text;
  }
}
