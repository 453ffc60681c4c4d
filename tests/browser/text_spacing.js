// What is lost or runs out of the window when somebody spaces text as WCAG 1.4.12 lets them. Returns sentences.
() => {
  const spaced = new CSSStyleSheet();
  spaced.replaceSync(`
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
    p { margin-bottom: 2em !important }
  `);
  const own = [...document.adoptedStyleSheets];
  document.adoptedStyleSheets = [...own, spaced];
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
    const inner = wide.filter((e) => ![...e.children].some((child) => wide.includes(child)));
    faults.push(`spaced text scrolls sideways: ${inner.slice(0, 2).map((e) => e.outerHTML.slice(0, 140))}`);
  }
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element);
    if (![style.overflowX, style.overflowY].some((one) => ["hidden", "clip"].includes(one))) continue;
    if (style.clipPath !== "none" || element.clientHeight < 2 || element.closest(".app-diagram, input, select")) continue;
    const loses = element.scrollHeight > element.clientHeight + 2 || element.scrollWidth > element.clientWidth + 2;
    if (loses) faults.push(`spaced text is cut off: ${element.outerHTML.slice(0, 140)}`);
  }
  document.adoptedStyleSheets = own;
  return faults;
}
