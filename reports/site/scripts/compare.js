// Chosen trials side by side: their curves, scores, the settings in which they differ, their pictures.

const COLORS = 8;
const ALWAYS_DIFFERENT = ["Trial", "MLflow run", "Checkpoint", "Checksums"];

function compareRuns() {
  const table = document.getElementById("runs-table");
  if (!table) return;
  const chosen = new Map(); // line of the table → number of its colour
  addTicks(table, (line, isChosen) => {
    if (isChosen) chosen.set(line, freeColor(chosen));
    else chosen.delete(line);
    show(chosen.size ? `#compare=${[...chosen.keys()].map(({ id }) => id).join(",")}` : "");
    showChosen(chosen);
  });
  const choose = (addresses) => {
    for (const line of linesOf(table)) {
      const tick = line.querySelector(".control input");
      if (tick.checked !== addresses.includes(line.id)) tick.click();
    }
  };
  const follow = () => {
    if (!location.hash.startsWith("#compare=")) return;
    choose(decodeURIComponent(location.hash).slice("#compare=".length).split(","));
    document.getElementById("chosen").scrollIntoView();
  };
  document.getElementById("choose-none").addEventListener("click", () => choose([]));
  addEventListener("hashchange", follow);
  follow();
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
  const bar = document.getElementById("choice");
  bar.hidden = chosen.size === 0;
  bar.querySelector("a").textContent = chosen.size === 1 ? "1 trial chosen" : `${chosen.size} trials chosen`;
  const lines = [...chosen].map(([line, color]) => ({ line, color: colorOf(color), name: runName(line) }));
  const curves = lines.map((one) => ({ ...one, points: pointsOf(one.line) })).filter(({ points }) => points.length);
  const place = document.getElementById("chosen-curves");
  place.replaceChildren(...(curves.length ? [chartOf(curves, place.clientWidth)] : []));
  document.getElementById("chosen-sides").replaceChildren(...sidesOf(lines));
}

function pointsOf(line) {
  return line.dataset.curve.split(" ").filter(Boolean).map((point) => point.split(":").map(Number));
}

function sidesOf(lines) {
  if (!lines.length) return [];
  const heads = lines.map(({ line, color }) => make("th", { scope: "col" },
    make("i", { class: "swatch", style: `background: ${color}` }),
    ...copies(line.querySelector("th")),
    make("span", { class: "quiet" }, ` ${line.dataset.place}`)));
  const blocks = [
    rowsOf("Results", lines.map(({ line }) => resultsOf(line)), () => true),
    rowsOf("Settings that differ", lines.map(({ line }) => factsOf(line, ".settings")), differ),
    rowsOf("Evidence that differs", lines.map(({ line }) => factsOf(line, ".evidence")),
      (texts, name) => !ALWAYS_DIFFERENT.includes(name) && differ(texts)),
    picturesOf(lines),
  ];
  return [
    make("thead", {}, make("tr", {}, make("td"), ...heads)),
    ...blocks.filter((rows) => rows.length > 1).map((rows) => make("tbody", {}, ...rows)),
  ];
}

function copies(element) {
  return [...element.cloneNode(true).childNodes];
}

function differ(texts) {
  return new Set(texts).size > 1;
}

// Rows for all names that any of the trials has, below a heading.
function rowsOf(title, facts, isShown) {
  const names = new Set(facts.flatMap((own) => [...own.keys()]));
  const rows = [...names].map((name) => [name, facts.map((own) => own.get(name))])
    .filter(([name, found]) => isShown(found.map((fact) => fact?.text ?? ""), name))
    .map(([, found]) => make("tr", {},
      make("th", { scope: "row" }, ...copies(found.find(Boolean).name)),
      ...found.map((fact) => sideOf(fact, found[0]))));
  return [headingOf(title, facts.length), ...rows];
}

function headingOf(title, count) {
  return make("tr", { class: "group" }, make("th", { scope: "rowgroup", colspan: String(count + 1) }, title));
}

// A fact of one trial; of scores also how far they are from those of the trial that was chosen first.
function sideOf(fact, first) {
  const cell = make("td", {}, ...(fact?.text ? copies(fact.told) : ["–"]));
  if (fact?.score && first?.score && fact !== first) {
    const points = fact.score - first.score;
    const told = `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)}`;
    cell.append(make("span", { class: "quiet" }, ` ${told}`));
  }
  return cell;
}

function resultsOf(line) {
  const headings = all("thead th[data-columns]", line.closest("table"));
  return new Map(cellsOf(line).map((cell, index) => [headings[index], cell])
    .filter(([heading, cell]) => !cell.querySelector("svg, button") && !heading.dataset.apart)
    .map(([heading, cell]) => [heading.textContent.trim(), {
      name: heading.querySelector(".sort"),
      told: cell,
      text: cell.textContent.trim(),
      score: heading.dataset.measure && cell.dataset.value ? Number(cell.dataset.value) : null,
    }]));
}

function factsOf(line, list) {
  return new Map(all(`${list} > div`, drawerOf(line)).map((fact) => {
    const [name, told] = fact.children;
    return [name.textContent.trim(), { name, told, text: tidy(told.textContent.replace(/\s+/g, " ")) }];
  }));
}

function picturesOf(lines) {
  const pictures = lines.map(({ line }) => all("figure", drawerOf(line)).map((figure) => figure.cloneNode(true)));
  if (pictures.every((own) => !own.length)) return [];
  return [
    headingOf("Test clips", lines.length),
    make("tr", { class: "clips" }, make("td"), ...pictures.map((own) => make("td", {}, ...own))),
  ];
}
