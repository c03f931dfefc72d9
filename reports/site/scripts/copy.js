// Copies a table as it is shown, filtered and sorted: Markdown and LaTeX as it reads, CSV with the numbers behind it.

const WRITERS = { Markdown: asMarkdown, LaTeX: asLatex, CSV: asCsv };
const LEFT_OUT = ".unseen, .below, svg, .without-reported .against";
const LATEX = {
  "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#",
  "_": "\\_", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "±": "$\\pm$", "−": "$-$",
  "Δ": "$\\Delta$", "†": "$^\\dagger$", "→": "$\\to$", "×": "$\\times$", "—": "---", "–": "--",
  "…": "\\dots{}",
};

function copyTables() {
  for (const [table, tools] of exploredTables()) {
    for (const button of all("button[data-copy]", tools)) {
      button.addEventListener("click", async () => {
        const form = button.dataset.copy;
        const lines = shownLines(table).length;
        const isCopied = await toClipboard(WRITERS[form](table));
        const what = lines === 1 ? "1 row" : `${lines} rows`;
        tell(isCopied ? `Copied ${what} as ${form}` : "This browser keeps the clipboard to itself");
      });
    }
  }
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages of a web server without TLS have no clipboard of their own.
    const area = make("textarea", { class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
}

function shownLines(table) {
  return linesOf(table).filter((line) => !line.hidden);
}

// Its columns from left to right: how each is called, and what stands in it in a line.
function shownColumns(table) {
  const headings = all("thead th", table).filter((heading) => !heading.hidden && !heading.matches(".control"));
  const names = headings.filter((heading) => "heading" in heading.dataset);
  const count = Math.max(...headings.flatMap(columnsUnder), -1) + 1;
  const leads = all(":scope > th", shownLines(table)[0] ?? table).map((_, index) => ({
    name: names.filter((heading) => Number(heading.dataset.heading) === index),
    cell: (line) => all(":scope > th", line)[index],
  }));
  const cells = Array.from({ length: count }, (_, index) => ({
    name: headings.filter((heading) => columnsUnder(heading).includes(index)),
    cell: (line) => cellsOf(line)[index],
  }));
  return [...leads, ...cells.filter((column) => column.name.length)];
}

// The text of an element as a format writes it; parts that are not shown are left out.
function written(node, format) {
  if (node.nodeType === Node.TEXT_NODE) return format.text(node.textContent.replace(/\s+/g, " "));
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches(LEFT_OUT)) return "";
  if (node.matches(".math") && format.math) return format.math(node.dataset.tex);
  const inside = [...node.childNodes].map((child) => written(child, format)).join("");
  if (node.matches(".best > .value, .best-reported .by-paper")) return format.bold(inside.trim());
  if (node.matches(".beside, .seeds")) return ` (${inside.trim()})`;
  return node.matches(".cell > *, .cite") ? ` ${inside.trim()} ` : inside;
}

function tidy(text) {
  return text.replace(/ {2,}/g, " ").trim();
}

function grid(table, format) {
  const columns = shownColumns(table);
  const head = columns.map((column) => tidy(column.name.map((heading) => written(heading, format)).join(" ")));
  const body = shownLines(table).map((line) => columns.map((column) => tidy(written(column.cell(line), format))));
  const isNumber = columns.map((column) => shownLines(table).every((line) => column.cell(line).tagName === "TD"));
  return { head, body, isNumber };
}

function asMarkdown(table) {
  const format = {
    text: (text) => text.replace(/[\\|*_`<[\]]/g, "\\$&"),
    bold: (text) => `**${text}**`,
  };
  const { head, body, isNumber } = grid(table, format);
  const rule = isNumber.map((number) => (number ? "---:" : "---"));
  return [head, rule, ...body].map((line) => `| ${line.join(" | ")} |\n`).join("");
}

function asLatex(table) {
  const format = {
    text: (text) => text.replace(/[\\{}&%$#_~^±−Δ†→×—–…]/g, (letter) => LATEX[letter]),
    bold: (text) => `\\textbf{${text}}`,
    math: (tex) => `$${tex}$`,
  };
  const { head, body, isNumber } = grid(table, format);
  const lines = body.map((line) => `${line.join(" & ")} \\\\\n`).join("");
  const columns = isNumber.map((number) => (number ? "r" : "l")).join("");
  return `% \\usepackage{booktabs}\n\\begin{tabular}{${columns}}\n\\toprule\n${head.join(" & ")} \\\\\n\\midrule\n`
    + `${lines}\\bottomrule\n\\end{tabular}\n`;
}

// A column of scores becomes up to three: the measured number, its spread, and what is reported.
function asCsv(table) {
  const plain = { text: (text) => text, bold: (text) => text };
  const lines = shownLines(table);
  const columns = shownColumns(table).flatMap((column) => {
    const name = tidy(column.name.map((heading) => written(heading, plain)).join(" "));
    const has = (field) => lines.some((line) => column.cell(line).dataset[field]);
    const number = (field) => (line) => column.cell(line).dataset[field] ?? "";
    if (!has("value") && !has("reported")) return [[name, (line) => tidy(written(column.cell(line), plain))]];
    const isReportedShown = has("reported") && !table.matches(".without-reported");
    return [
      [name, number("value")],
      ...(has("sd") ? [[`${name} sd`, number("sd")]] : []),
      ...(isReportedShown ? [[`${name} reported`, number("reported")]] : []),
    ];
  });
  const rows = [columns.map(([name]) => name), ...lines.map((line) => columns.map(([, text]) => text(line)))];
  return rows.map((row) => `${row.map(csvField).join(",")}\n`).join("");
}

// Text that a spreadsheet would take for a formula gets an apostrophe in front.
function csvField(text) {
  const safe = /^[=+@-]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
