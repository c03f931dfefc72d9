// Deep links: the address bar follows the drawer that is open, and an address opens its drawer.

function followLinks() {
  let before = "";
  addEventListener("hashchange", openAddressed);
  document.addEventListener("toggle", ({ target, newState }) => {
    if (!target.matches("[popover]")) return;
    const place = all("[popovertarget]").find((button) => button.getAttribute("popovertarget") === target.id);
    const address = place?.closest("[id]:not([popover])").id;
    if (newState === "open" && address) {
      if (location.hash.startsWith("#compare=")) before = location.hash;
      show(`#${address}`);
    } else if (newState === "closed" && location.hash === `#${address}`) {
      show(before);
      before = "";
    }
  }, true);
  openAddressed();
}

// Puts an address behind the page's own, or none.
function show(address) {
  history.replaceState(null, "", address || location.pathname + location.search);
}

function openAddressed() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const drawer = drawerOf(place);
  if (!place || !drawer || !place.matches("td, tr")) return;
  document.dispatchEvent(new CustomEvent("reveal", { detail: place }));
  place.scrollIntoView({ block: "center" });
  if (!drawer.matches(":popover-open")) drawer.showPopover({ source: place.querySelector("[popovertarget]") });
}
