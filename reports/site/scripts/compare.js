// Choosing trials: a tick beside each, and a bar that says how many are chosen.

const COLORS = 8;

function compareRuns() {
  const table = document.querySelector("table[data-comparable]");
  const lines = new Map(table ? linesOf(table).map((line) => [line.id, line]) : []);
  const chosen = new Map(); // line of the table → number of its colour
  let elsewhere = [];
  const changed = () => {
    carryChoice([...elsewhere, ...[...chosen.keys()].map(({ id }) => id)]);
    if (table) showChosen(chosen);
    offerComparison(chosen.size, elsewhere.length);
  };
  const tickOf = (line) => line.querySelector(".control input");
  const choose = (runs) => {
    // The page of all trials knows those of every table.
    elsewhere = table?.id === "all-runs" ? [] : runs.filter((run) => !lines.has(run));
    for (const line of [...chosen.keys()]) if (!runs.includes(line.id)) tickOf(line).click();
    for (const run of runs) if (lines.has(run) && !chosen.has(lines.get(run))) tickOf(lines.get(run)).click();
    changed();
  };
  const follow = () => {
    const { place, runs } = readAddress();
    if (!runs.length) {
      changed();
      return;
    }
    choose(runs);
    if (!place && chosen.size && !elsewhere.length) document.getElementById("chosen").scrollIntoView();
  };
  if (table) {
    addTicks(table, (line, isChosen) => {
      if (isChosen) chosen.set(line, freeColor(chosen));
      else chosen.delete(line);
      changed();
    });
  }
  document.querySelector("#choice button").addEventListener("click", () => choose([]));
  addEventListener("hashchange", follow);
  follow();
}

// The bar that follows a reader from page to page: trials of several tables are compared on the page of all trials.
function offerComparison(here, elsewhere) {
  const bar = document.getElementById("choice");
  const link = bar.querySelector("a");
  const count = here + elsewhere;
  bar.hidden = count === 0;
  link.textContent = `${count === 1 ? "1 trial" : `${count} trials`} chosen${elsewhere ? ", compare all" : ""}`;
  link.href = elsewhere ? bar.dataset.trials : "#chosen";
  if (elsewhere) link.hash = addressOf("", [...new Set(chosenRuns.map(withoutNumber))]);
}

function addTicks(table, changed) {
  const heading = make("th", { scope: "col", class: "control" }, make("span", { class: "unseen" }, "Choose"));
  table.tHead.rows[0].prepend(heading);
  for (const line of linesOf(table)) {
    const tick = make("input", { type: "checkbox", autocomplete: "off", "aria-label": `Compare ${runName(line)}` });
    tick.addEventListener("change", () => changed(line, tick.checked));
    line.prepend(make("td", { class: "control" }, tick));
  }
}

function runName(line) {
  return `${line.dataset.name}, ${line.dataset.place}`;
}

function freeColor(chosen) {
  const taken = [...chosen.values()];
  const free = Array.from({ length: COLORS }, (_, index) => index).find((index) => !taken.includes(index));
  return free ?? chosen.size % COLORS;
}

function colorOf(number) {
  return `var(--series-${number})`;
}

function showChosen(chosen) {
  const section = document.getElementById("chosen");
  section.hidden = chosen.size === 0;
  const lines = [...chosen].map(([line, color]) => ({ line, color: colorOf(color), name: runName(line) }));
  const curves = lines.map((one) => ({ ...one, points: pointsOf(one.line) })).filter(({ points }) => points.length);
  const place = document.getElementById("chosen-curves");
  place.replaceChildren(...(curves.length ? [chartOf(curves, place.clientWidth)] : []));
  document.getElementById("chosen-sides").replaceChildren(...sidesOf(lines));
}
