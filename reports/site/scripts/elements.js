// What all parts of the script share: finding elements, making them, and telling readers what has happened.

const SVG = "http://www.w3.org/2000/svg";

function all(selector, within = document) {
  return [...within.querySelectorAll(selector)];
}

function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function makeSvg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// One line, read out and shown for a while.
function tell(message) {
  const line = document.getElementById("told");
  line.textContent = message;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { line.textContent = ""; }, 4000);
}

function linesOf(table) {
  return all(":scope > tbody > tr:not(.group)", table);
}

function cellsOf(line) {
  return all(":scope > td:not(.control)", line);
}

// The drawer that a place opens.
function drawerOf(place) {
  return document.getElementById(place?.querySelector("[popovertarget]")?.getAttribute("popovertarget"));
}

// All tables that can be explored, each with the row of tools that belongs to it.
function exploredTables() {
  return all(".tools[data-table]").map((tools) => [document.getElementById(tools.dataset.table), tools]);
}
