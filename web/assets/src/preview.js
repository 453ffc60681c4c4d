// Draws a letter again beside its form: when a draft of it was saved, and in another version. Who hears the page is told
// so, of what was typed only after a pause.
const PAUSE = 2000;

export function followDraft(letter) {
  const form = document.getElementById("task-form");
  const status = document.getElementById("preview-status");
  let turn = 0;
  let telling;
  const tell = () => {
    status.textContent = letter.querySelector("[data-said]")?.dataset.said || "";
  };
  const draw = async (pause) => {
    const own = ++turn;
    const address = new URL(letter.dataset.preview, location.href);
    for (const choice of letter.querySelectorAll("select")) address.searchParams.set(choice.name, choice.value);
    const hadFocus = letter.contains(document.activeElement) && document.activeElement.id;
    const open = letter.querySelector("details[open]") !== null;
    const response = await fetch(address);
    // Something was typed meanwhile, or the session has ended: leave the letter as it is.
    if (own !== turn || !response.ok || response.redirected) return;
    letter.innerHTML = await response.text();
    if (open) letter.querySelector("details")?.setAttribute("open", "");
    if (hadFocus) document.getElementById(hadFocus)?.focus();
    clearTimeout(telling);
    status.textContent = ""; // the same words again are heard only if they come anew
    telling = setTimeout(tell, pause);
  };
  form?.addEventListener("draftsaved", () => draw(PAUSE).catch(() => {}));
  form?.addEventListener("input", () => clearTimeout(telling));
  letter.addEventListener("change", (event) => {
    if (event.target.matches("select")) draw(100).catch(() => {});
  });
}
