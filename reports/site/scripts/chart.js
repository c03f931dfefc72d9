// Draws learning curves on top of each other, in the colours of the page.

const CHART = { widest: 760, height: 320, left: 44, right: 28, top: 12, bottom: 40 };

// Each curve has a name, a colour and points, pairs of step and percent. The chart is as wide as there is room.
function chartOf(curves, room) {
  const width = Math.min(CHART.widest, room);
  const steps = curves.flatMap(({ points }) => points.map(([step]) => step));
  const values = curves.flatMap(({ points }) => points.map(([, value]) => value));
  const acrossTicks = ticksOf(0, Math.max(...steps), width / 120).filter((tick) => tick <= Math.max(...steps));
  const upTicks = ticksOf(Math.min(...values), Math.max(...values), 5);
  const x = scaleOf([0, Math.max(...steps)], [CHART.left, width - CHART.right]);
  const y = scaleOf([upTicks[0], upTicks.at(-1)], [CHART.height - CHART.bottom, CHART.top]);
  const svg = makeSvg("svg", { viewBox: `0 0 ${width} ${CHART.height}`, role: "group", class: "chart" });
  const names = curves.map(({ name }) => name).join("; ");
  svg.setAttribute("aria-label", `Validation M_J in percent over optimiser steps of ${names}`);
  for (const tick of upTicks) {
    svg.append(
      makeSvg("line", { class: "rule", x1: CHART.left, x2: width - CHART.right, y1: y(tick), y2: y(tick) }),
      makeSvg("text", { x: CHART.left - 8, y: y(tick) + 4, "text-anchor": "end" }, String(tick)),
    );
  }
  for (const tick of acrossTicks) {
    const label = tick.toLocaleString("en");
    svg.append(makeSvg("text", { x: x(tick), y: CHART.height - CHART.bottom + 18, "text-anchor": "middle" }, label));
  }
  svg.append(
    makeSvg("text", { x: width - CHART.right, y: CHART.height - 4, "text-anchor": "end" }, "optimiser step"),
    makeSvg("text", { x: 0, y: 10 }, "%"),
  );
  const spots = curves.flatMap((curve) => {
    const path = curve.points.map(([step, value]) => `${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join("L");
    svg.append(makeSvg("path", { d: `M${path}`, style: `stroke: ${curve.color}` }));
    return curve.points.map(([step, value]) => {
      const spot = makeSvg("circle", { class: "spot", cx: x(step), cy: y(value), r: 3, style: `fill: ${curve.color}` });
      spot.told = `${curve.name}, step ${step.toLocaleString("en")}: ${value.toFixed(2)}`;
      return spot;
    });
  });
  svg.append(...spots);
  const attributes = { class: "drawing", tabindex: "0", role: "region", "aria-label": "Validation curves" };
  const region = make("div", attributes, svg);
  exploreSpots(region, spots);
  return region;
}

function scaleOf([low, high], [from, to]) {
  return (value) => from + ((value - low) / (high - low || 1)) * (to - from);
}

// Round numbers that enclose a range: some 1, 2 or 5 times a power of ten apart.
function ticksOf(low, high, about) {
  const rough = (high - low || 1) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.floor(low / step);
  const count = Math.max(1, Math.ceil(high / step) - first);
  return Array.from({ length: count + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
