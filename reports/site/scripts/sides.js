// What chosen trials have of each other, side by side: scores, the settings in which they differ, pictures.

const ALWAYS_DIFFERENT = ["Trial", "MLflow run", "Checkpoint", "Checksums"];

function pointsOf(line) {
  return line.dataset.curve.split(" ").filter(Boolean).map((point) => point.split(":").map(Number));
}

function sidesOf(lines) {
  if (!lines.length) return [];
  const heads = lines.map(({ line, color }) => make("th", { scope: "col" },
    make("i", { class: "swatch", style: `background: ${color}` }),
    ...copies(line.querySelector("th")),
    make("span", { class: "quiet" }, ` ${line.dataset.place}`)));
  const settings = lines.map(({ line }) => factsOf(line, "settings"));
  const blocks = [
    rowsOf("Results", lines.map(({ line }) => resultsOf(line)), () => true),
    rowsOf("Settings that differ", settings, (texts) => texts.every(Boolean) && differ(texts)),
    rowsOf("Settings that only some have", settings, (texts) => !texts.every(Boolean)),
    rowsOf("Evidence that differs", lines.map(({ line }) => factsOf(line, "evidence")),
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

// The name of a setting may be broken between its words where there is little room.
function breakable(element) {
  const name = element.cloneNode(true);
  for (const code of all("code", name)) {
    const words = code.textContent.split(/(?<=[._])/);
    code.replaceChildren(...words.flatMap((word, place) => (place ? [make("wbr"), word] : [word])));
  }
  return name;
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
      make("th", { scope: "row" }, ...copies(breakable(found.find(Boolean).name))),
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

// Of a table's run its drawer tells; on the page of all trials a line has the numbers of its values in a list.
function factsOf(line, list) {
  const drawer = drawerOf(line);
  const numbers = (line.dataset[list] ?? "").split(" ");
  const facts = drawer
    ? all(`.${list} > div`, drawer).map((fact) => [...fact.children])
    : all(`#varied-${list} > div`).map((fact, place) => [fact.children[0], fact.children[1].children[numbers[place]]]);
  return new Map(facts.filter(([, told]) => told).map(([name, told]) => [name.textContent.trim(), {
    name,
    told,
    text: tidy(told.textContent.replace(/\s+/g, " ")),
  }]));
}

function picturesOf(lines) {
  const clips = lines.map(({ line }) => clipsOf(line));
  const names = [...new Set(clips.flatMap((own) => [...own.keys()]))];
  if (!names.length) return [];
  const rows = names.map((name) => make("tr", { class: "clips" },
    make("th", { scope: "row" }, name),
    ...clips.map((own) => make("td", {}, ...(own.get(name) ?? [])))));
  return [headingOf("Test clips", lines.length), ...rows];
}

// Figures by what trials have in common that show such a one.
function clipsOf(line) {
  const drawer = drawerOf(line);
  if (drawer) {
    const figures = all("figure", drawer).map((figure) => figure.cloneNode(true));
    return new Map(figures.length ? [["", figures]] : []);
  }
  return new Map(JSON.parse(line.dataset.clips ?? "[]").map(([name, file, detail]) => {
    const picture = make("img", { src: file, loading: "lazy", alt: `${name} of ${runName(line)}` });
    const caption = make("figcaption", {}, detail);
    return [name, [make("figure", {}, make("a", { href: file }, picture), caption)]];
  }));
}
