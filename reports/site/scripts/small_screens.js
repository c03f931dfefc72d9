// On small screens notes are folded, and what is wider than the screen says so.

function fitSmallScreens() {
  if (matchMedia("(max-width: 44rem)").matches) {
    for (const notes of all("details.notes")) notes.open = false;
  }
  const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => hintAt(target.closest(WIDE))));
  for (const region of all(WIDE).filter((region) => region.firstElementChild)) {
    watcher.observe(region);
    watcher.observe(region.firstElementChild);
  }
}

const WIDE = ".scroll, .drawing";

function hintAt(region) {
  const isWide = region.scrollWidth > region.clientWidth + 1;
  const hint = region.previousElementSibling?.matches(".sideways") ? region.previousElementSibling : null;
  const told = { class: "sideways", "aria-hidden": "true" };
  if (isWide && !hint) region.before(make("p", told, "Scroll sideways to see all"));
  if (!isWide) hint?.remove();
}
