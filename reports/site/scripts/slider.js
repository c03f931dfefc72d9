// Truth and prediction over each other: a slider says how much of every frame, from the left, is the prediction.

function slideClips() {
  for (const figure of all(".versus:has(.layers)")) {
    const name = figure.querySelector("figcaption a").textContent.trim();
    const told = { "aria-label": `Prediction of ${name} over the truth`, autocomplete: "off" };
    const slider = make("input", { type: "range", min: "0", max: "100", value: "50", ...told });
    const slide = () => figure.style.setProperty("--share", slider.value / 100);
    slider.addEventListener("input", slide);
    figure.classList.add("sliding");
    figure.append(slider);
    slide();
  }
}
