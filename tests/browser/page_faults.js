// What is wrong with the page on the screen that axe does not look for. Returns sentences.
() => {
  const faults = [];
  const root = document.documentElement;
  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("[aria-hidden=true]");

  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
    const inner = wide.filter((e) => ![...e.children].some((child) => wide.includes(child)));
    faults.push(`scrolls sideways (${root.scrollWidth} > ${root.clientWidth}): ${inner.slice(0, 2).map((e) => e.outerHTML.slice(0, 140))}`);
  }
  for (const element of document.querySelectorAll("main *")) {
    if (element.closest(".app-diagram, svg, textarea, select")) continue;
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
    if (scrolls && element.scrollWidth > element.clientWidth + 1) faults.push(`a part scrolls sideways: ${element.outerHTML.slice(0, 140)}`);
  }

  const headings = [...document.querySelectorAll("h1")].map(words);
  if (headings.length !== 1) faults.push(`${headings.length} first headings: ${headings}`);
  else if (!document.title.includes(headings[0])) faults.push(`the title “${document.title}” does not say “${headings[0]}”`);
  const summary = document.querySelector(".govuk-error-summary");
  if (Boolean(summary) !== document.title.startsWith("Error: ")) faults.push(`the title “${document.title}”, with an error summary or without`);
  if (summary && document.body.matches(".js-enabled") && document.activeElement !== summary) faults.push("the error summary has not the focus");
  for (const link of summary?.querySelectorAll("a") ?? []) {
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) faults.push(`an error leads nowhere: ${link.outerHTML}`);
  }
  for (const table of document.querySelectorAll("main table")) {
    if (!table.caption || !words(table.caption)) faults.push(`a table without a caption: ${table.outerHTML.slice(0, 140)}`);
    for (const head of table.querySelectorAll("th:not([scope])")) faults.push(`a head without a scope: ${head.outerHTML.slice(0, 140)}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((one, place) => ids.indexOf(one) !== place))) faults.push(`two parts have the id ${id}`);

  const nameOf = (control) => {
    const label = control.getAttribute("aria-label") || [...(control.labels ?? [])].map(words).join(" ") || words(control);
    const legends = [];
    for (let set = control.closest("fieldset"); set; set = set.parentElement.closest("fieldset")) {
      const legend = set.querySelector(":scope > legend");
      if (legend) legends.unshift(words(legend));
    }
    return [...legends, label].join(" / ");
  };
  const names = new Map();
  for (const control of document.querySelectorAll("input:not([type=hidden]), select, textarea, button")) {
    if (!isShown(control)) continue;
    const name = `${control.tagName === "BUTTON" ? "button" : "field"} “${nameOf(control)}”`;
    names.set(name, (names.get(name) ?? 0) + 1);
  }
  for (const [name, count] of names) if (count > 1) faults.push(`${count} times the ${name}`);

  const links = new Map();
  for (const link of document.querySelectorAll("main a[href]")) {
    const name = link.getAttribute("aria-label") || words(link);
    if (!isShown(link) || !name) continue;
    const known = links.get(name);
    if (known !== undefined && known !== link.href) faults.push(`links “${name}” lead to different places`);
    links.set(name, link.href);
  }
  return [...new Set(faults)];
}
