// Saves what is being typed into a task, soon after typing stops and when the page is left. The server keeps one draft
// and numbers each saving; from an older window it takes none, and says so here.
const SOON = 400;
const AGAIN = 5000;

export function keepDrafts(form) {
  const status = document.getElementById("draft-status");
  const newer = document.getElementById("draft-newer");
  let waiting;
  let saving = false;
  let isOver = false;
  let isRenewed = false;
  // A page that answers what was sent shows words that may not be saved yet.
  let saved = "unsaved" in form.dataset ? "" : said(form);

  const say = (text) => {
    if (status.textContent !== text) status.textContent = text;
  };
  const later = (milliseconds) => {
    clearTimeout(waiting);
    waiting = setTimeout(save, milliseconds);
  };
  async function save() {
    clearTimeout(waiting);
    if (isOver || said(form) === saved) return;
    if (saving) return later(SOON);
    saving = true;
    const sent = said(form);
    try {
      await took(await fetch(form.dataset.draft, { method: "POST", body: answers(form), headers: { Accept: "application/json" } }), sent);
    } catch {
      say("Your draft is not saved: the service could not take it. What you typed is still on this page.");
      later(AGAIN);
    } finally {
      saving = false;
    }
    if (!isOver && said(form) !== saved) later(SOON);
  }
  async function took(response, sent) {
    if (response.redirected || !(response.headers.get("Content-Type") || "").includes("json")) return signedOut();
    const answer = await response.json();
    say(answer.said);
    if (response.ok) {
      saved = sent;
      isRenewed = false;
      form.elements.draft.value = answer.number;
      form.dispatchEvent(new CustomEvent("draftsaved", { detail: answer.number }));
    } else {
      isOver = true;
      newer.hidden = !answer.newer;
    }
  }
  async function signedOut() {
    // Somebody who has signed in again elsewhere has a new token, and goes on with it here.
    const page = await fetch(form.action);
    const again = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("task-form");
    if (!page.redirected && isRenewed) throw new Error("refused for another reason");
    if (!page.redirected && again) {
      isRenewed = true;
      const token = again.elements.csrf_token.value;
      document.querySelectorAll("input[name=csrf_token]").forEach((input) => { input.value = token; });
      return later(SOON);
    }
    isOver = true;
    say("Your draft is not saved: you are signed out. Sign in in another window, then go on here.");
    addEventListener("focus", () => { isOver = false; later(0); }, { once: true });
  }
  function leave() {
    if (isOver || said(form) === saved) return;
    const left = said(form);
    if (navigator.sendBeacon(form.dataset.draft, answers(form))) saved = left;
  }

  if (saved === "") later(SOON);
  form.addEventListener("input", () => later(SOON));
  form.addEventListener("change", () => later(0));
  form.addEventListener("submit", () => { isOver = true; });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    isOver = false;
    saved = ""; // what was sent on leaving had no answer
    later(0);
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(); });
}

// What is sent: all but the files, which are attached by a button of their own.
function answers(form) {
  const given = new FormData(form);
  for (const [name, answer] of [...given]) if (answer instanceof File) given.delete(name);
  return given;
}

// What a person has said: without the fields that the page brought along.
function said(form) {
  const given = answers(form);
  for (const name of ["csrf_token", "version", "draft", "window", "seen", "once", "differs", "call", "call_note"]) given.delete(name);
  return new URLSearchParams(given).toString();
}
