// Draws a process diagram for reading, with what is live on it. The page beside it says the same in a table.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";

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
  for (const [element, state] of Object.entries(live)) mark(viewer, element, state);
  viewer.get("canvas").zoom("fit-viewport", "auto");
  place.querySelector("svg")?.setAttribute("aria-hidden", "true");
  place.dataset.drawn = "yes";
  offerZoom(place, viewer);
}

function mark(viewer, element, { kind, count }) {
  if (!viewer.get("elementRegistry").get(element)) return;
  viewer.get("canvas").addMarker(element, `app-live-${kind}`);
  const badge = document.createElement("div");
  badge.className = `app-live-badge app-live-badge--${kind}`;
  badge.textContent = String(count);
  viewer.get("overlays").add(element, { position: { top: -14, right: 14 }, html: badge });
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
