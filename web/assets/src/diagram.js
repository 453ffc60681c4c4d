// Draws a process diagram for reading, with what is live on it. The page beside it says the same in a table.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";

const SMALLEST_LEGIBLE = 0.9;

document.querySelectorAll("[data-diagram]").forEach((place) => {
  draw(place).catch((error) => {
    place.textContent = "The diagram could not be drawn. The table below says the same.";
    console.error(error);
  });
});

async function draw(place) {
  const response = await fetch(place.dataset.diagram);
  if (!response.ok) throw new Error(`The diagram answered ${response.status}`);
  const viewer = new NavigatedViewer({ container: place });
  await viewer.importXML(await response.text());
  const live = JSON.parse(place.dataset.live || "{}");
  const passed = JSON.parse(place.dataset.passed || "{}");
  for (const [element, times] of Object.entries(passed)) if (!live[element]) markPassed(viewer, element, times);
  for (const [element, state] of Object.entries(live)) mark(viewer, element, state);
  showLegibly(viewer, Object.keys(live));
  const drawing = place.querySelector("svg");
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", "Diagram of the procedure. The table below says the same.");
  place.dataset.drawn = "yes";
  offerZoom(place, viewer);
}

// A large diagram that is shown whole cannot be read: it opens at a readable size where something is live.
function showLegibly(viewer, live) {
  const canvas = viewer.get("canvas");
  if (canvas.zoom("fit-viewport", "auto") >= SMALLEST_LEGIBLE) return;
  const registry = viewer.get("elementRegistry");
  const first = live.map((id) => registry.get(id)).find(Boolean) ?? registry.find((e) => e.type === "bpmn:StartEvent");
  canvas.zoom(SMALLEST_LEGIBLE);
  const { outer } = canvas.viewbox();
  const [beside, above] = [outer.width / 2 - 80, outer.height / 2 - 60];
  if (first) canvas.scrollToElement(first, { top: above, bottom: above, left: beside, right: beside });
}

function mark(viewer, element, { kind, count }) {
  if (!viewer.get("elementRegistry").get(element)) return;
  viewer.get("canvas").addMarker(element, `app-live-${kind}`);
  const badge = document.createElement("div");
  badge.className = `app-live-badge app-live-badge--${kind}`;
  badge.textContent = String(count);
  viewer.get("overlays").add(element, { position: { top: -14, right: 14 }, html: badge });
}

function markPassed(viewer, id, times) {
  const element = viewer.get("elementRegistry").get(id);
  if (!element) return;
  viewer.get("canvas").addMarker(id, "app-passed");
  if (element.waypoints) return; // a line needs no badge
  const badge = document.createElement("div");
  badge.className = "app-live-badge app-live-badge--passed";
  badge.textContent = times > 1 ? `✓ ${times}` : "✓";
  viewer.get("overlays").add(id, { position: { top: -14, left: -6 }, html: badge });
}

function offerZoom(place, viewer) {
  const zoom = viewer.get("zoomScroll");
  const actions = {
    in: () => zoom.stepZoom(1),
    out: () => zoom.stepZoom(-1),
    fit: () => viewer.get("canvas").zoom("fit-viewport", "auto"),
  };
  document.querySelectorAll(`[data-zoom-for="${place.id}"]`).forEach((group) => {
    group.hidden = false;
    group.querySelectorAll("button").forEach((button) => {
      button.addEventListener("click", () => actions[button.dataset.zoom]());
    });
  });
}
