// The page of a running sweep shows the curves of its trials on top of each other, too.

function showLiveCurves() {
  const place = document.getElementById("live-curves");
  if (!place) return;
  const curves = all(".live tr[data-curve]").map((line, index) => {
    const color = colorOf(index % COLORS);
    line.querySelector("th").prepend(make("i", { class: "swatch", style: `background: ${color}` }));
    return { name: line.dataset.name, color, points: pointsOf(line) };
  }).filter(({ points }) => points.length);
  if (curves.length) place.append(chartOf(curves, place.clientWidth));
}
