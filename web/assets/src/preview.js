// Draws a letter again beside its form: when a draft of it was saved, and in another version.
export function followDraft(letter) {
  const form = document.getElementById("task-form");
  let turn = 0;
  const draw = async () => {
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
  };
  form?.addEventListener("draftsaved", () => draw().catch(() => {}));
  letter.addEventListener("change", (event) => {
    if (event.target.matches("select")) draw().catch(() => {});
  });
}
