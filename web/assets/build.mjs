// Builds web/static/dist from the packages in package-lock.json and the sources beside this file.
// Style sheets are joined and post-processed, not compiled: GOV.UK Frontend's own fonts are licensed for gov.uk alone,
// so that every mention of them goes, and Arial stays. Nothing else of its images (crown, crest) is copied.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const dist = join(root, "web", "static", "dist");
const modules = join(root, "node_modules");

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await writeFile(join(dist, "app.css"), await pageStyles());
await writeFile(join(dist, "diagram.css"), await diagramStyles());
await build({
  absWorkingDir: root,
  nodePaths: [modules],
  entryPoints: { app: "web/assets/src/app.js", diagram: "web/assets/src/diagram.js" },
  outdir: dist,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2020",
  legalComments: "linked",
  logLevel: "warning",
});

async function pageStyles() {
  const govuk = await readFile(join(modules, "govuk-frontend/dist/govuk/govuk-frontend.min.css"), "utf8");
  const ours = await readFile(join(here, "src/app.css"), "utf8");
  const styles = withoutGovukBranding(govuk) + ours;
  if (/GDS Transport|@font-face|crest/.test(styles)) {
    throw new Error("A gov.uk font or crest is left in the style sheet; look at what changed in govuk-frontend.");
  }
  return styles;
}

async function diagramStyles() {
  const parts = ["bpmn-js/dist/assets/diagram-js.css", "bpmn-js/dist/assets/bpmn-js.css"];
  const theirs = await Promise.all(parts.map((part) => readFile(join(modules, part), "utf8")));
  return theirs.join("\n") + (await readFile(join(here, "src/diagram.css"), "utf8"));
}

function withoutGovukBranding(css) {
  return css
    .replace(/@font-face\{[^}]*\}/g, "")
    .replace(/GDS Transport,arial/g, "arial")
    .replace(/GDS Transport/g, "arial")
    .replace(/[^{}]*\{[^{}]*govuk-crest[^{}]*\}/g, "")
    .replace(/\/\*# sourceMappingURL=.*?\*\//g, "");
}
