// Plots tell what stands where: under the pointer at once, and with the arrow keys from marker to marker.

const NEAR = 24;
const SAME = 2;
const MOST_TOLD = 6;

function hoverPlots() {
  for (const region of all(".drawing")) {
    const spots = all(".spot", region);
    if (!spots.length) continue;
    for (const spot of spots) {
      const title = spot.querySelector("title");
      spot.told = title.textContent;
      spot.setAttribute("aria-label", spot.told);
      title.remove(); // The browser's own, slow tooltip.
    }
    exploreSpots(region, spots);
  }
}

// Lets pointer and keys choose among the markers of a drawing.
function exploreSpots(region, spots) {
  let current = null;
  const choose = (spot) => {
    current?.classList.remove("shown");
    current = spot;
    current?.classList.add("shown");
    showTip(current && toldAt(spots, current), current?.getBoundingClientRect());
  };
  region.addEventListener("pointermove", (event) => choose(nearest(spots, event)));
  region.addEventListener("pointerleave", () => choose(null));
  region.addEventListener("focusout", () => choose(null));
  region.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const next = spots[(spots.indexOf(current) + step + spots.length) % spots.length] ?? spots[0];
      next.scrollIntoView({ block: "nearest", inline: "nearest" });
      choose(next);
    } else if (event.key === "Enter" && current?.matches("a")) {
      location.hash = current.getAttribute("href");
    } else if (event.key === "Escape") {
      choose(null);
    }
  });
}

// What a marker tells, and others that it covers.
function toldAt(spots, spot) {
  const { x, y } = spot.getBoundingClientRect();
  const here = spots.filter((other) => {
    const box = other.getBoundingClientRect();
    return Math.hypot(box.x - x, box.y - y) < SAME;
  });
  const told = here.slice(0, MOST_TOLD).map((other) => other.told);
  return [...told, ...(here.length > MOST_TOLD ? [`and ${here.length - MOST_TOLD} more`] : [])].join("\n");
}

function nearest(spots, { clientX, clientY }) {
  let best = null;
  let least = NEAR;
  for (const spot of spots) {
    const box = spot.getBoundingClientRect();
    const distance = Math.hypot(box.x + box.width / 2 - clientX, box.y + box.height / 2 - clientY);
    if (distance < least) [best, least] = [spot, distance];
  }
  return best;
}

function showTip(text, box) {
  // In the layer of popovers, so that it lies over an enlarged plot too.
  const tip = document.getElementById("tip")
    ?? document.body.appendChild(make("p", { id: "tip", role: "status", popover: "manual" }));
  tip.hidePopover();
  if (!text) return;
  tip.textContent = text;
  tip.showPopover();
  const middle = box.x + box.width / 2 - tip.offsetWidth / 2;
  tip.style.left = `${Math.max(8, Math.min(middle, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${box.y > tip.offsetHeight + 16 ? box.y - tip.offsetHeight - 8 : box.bottom + 8}px`;
}
