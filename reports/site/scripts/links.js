// Deep links: the address bar follows the drawer that is open, and an address opens its drawer.

function followLinks() {
  addEventListener("hashchange", openAddressed);
  document.addEventListener("toggle", ({ target, newState }) => {
    if (!target.matches("[popover]")) return;
    const opener = all("[popovertarget]").find((button) => button.getAttribute("popovertarget") === target.id);
    const address = opener?.closest("[id]:not([popover])").id;
    if (newState === "open" && address) show(address);
    else if (newState === "closed" && address && readAddress().place === address) show("");
  }, true);
  openAddressed();
}

function openAddressed() {
  const place = document.getElementById(readAddress().place);
  const drawer = drawerOf(place);
  if (!place || !drawer || !place.matches("td, tr")) return;
  document.dispatchEvent(new CustomEvent("reveal", { detail: place }));
  place.scrollIntoView({ block: "center" });
  if (!drawer.matches(":popover-open")) drawer.showPopover({ source: place.querySelector("[popovertarget]") });
}
