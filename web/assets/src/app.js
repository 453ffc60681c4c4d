// What pages gain from JavaScript. Every page works without it: GOV.UK components are enhanced, and questions that an
// answer makes needless are put out of sight (the server decides again which of them count).
import { initAll } from "govuk-frontend";

import { keepDrafts } from "./drafts.js";
import { followDraft } from "./preview.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
document.querySelectorAll("form[data-questions]").forEach(followAnswers);
document.querySelectorAll("form[data-draft]").forEach(keepDrafts);
document.querySelectorAll("[data-preview]").forEach(followDraft);

function followAnswers(form) {
  let asked = 0;
  let waiting;
  const ask = async () => {
    const turn = ++asked;
    const answers = new FormData(form);
    answers.set("do", "questions");
    for (const [name, answer] of [...answers]) if (answer instanceof File) answers.delete(name);
    const response = await fetch(form.action, { method: "POST", body: answers, headers: { Accept: "application/json" } });
    // A later answer has been sent meanwhile, or the session has ended: leave what is shown as it is.
    if (turn !== asked || !response.ok) return;
    show(form, await response.json());
  };
  form.addEventListener("change", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => ask().catch(() => {}), 80);
  });
}

function show(form, { hidden }) {
  const outOfSight = new Set(hidden);
  form.querySelectorAll("[data-question]").forEach((question) => {
    question.classList.toggle("app-question--hidden", outOfSight.has(question.dataset.question));
  });
}
