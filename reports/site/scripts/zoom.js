// Plots as large as the window: a button lifts them over the page, Esc or a click beside them puts them back.

function zoomPlots() {
  for (const region of all("figure.plot > .drawing")) {
    const button = make("button", { type: "button", class: "enlarge" }, "Enlarge");
    button.addEventListener("click", () => {
      region.setAttribute("popover", "auto");
      region.showPopover();
      region.focus();
    });
    region.addEventListener("toggle", ({ newState }) => {
      if (newState === "closed") {
        region.removeAttribute("popover");
        button.focus();
      }
    });
    region.parentElement.querySelector(".downloads").prepend(button);
  }
}
