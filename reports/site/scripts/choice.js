// Trials that a reader has chosen stand behind the # of the address, and of every link to another page of the site:
// `#lambda-5/s4/m_j&compare=run-a,run-b` is a place on its page and two trials, of whatever table.

let chosenRuns = [];

function readAddress(hash = location.hash) {
  const [place, runs = ""] = decodeURIComponent(hash.slice(1)).split(/(?:^|&)compare=/);
  return { place, runs: runs.split(",").filter(Boolean) };
}

function addressOf(place, runs) {
  return [place, ...(runs.length ? [`compare=${runs.join(",")}`] : [])].filter(Boolean).join("&");
}

// Puts a place on the page and the chosen trials behind the page's own address.
function show(place) {
  const address = addressOf(place, chosenRuns);
  history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
}

function carryChoice(runs) {
  chosenRuns = runs;
  show(readAddress().place);
  const carried = [...new Set(runs.map(withoutNumber))];
  for (const link of all("a[href]").filter(leadsToAnotherPage)) {
    const address = addressOf(readAddress(link.hash).place, carried);
    if (address !== decodeURIComponent(link.hash.slice(1))) link.hash = address;
  }
}

// A run that stands in several rows of a table has a numbered address in all but the first.
function withoutNumber(run) {
  return run.replace(/~\d+$/, "");
}

function leadsToAnotherPage(link) {
  return link.origin === location.origin && link.pathname !== location.pathname && link.pathname.endsWith(".html");
}
