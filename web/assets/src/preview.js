// Draws a letter again beside its form: when a draft of it was saved, and in another size of print.
export function followDraft(letter) {
  const form = document.getElementById("task-form");
  let turn = 0;
  const draw = async () => {
    const own = ++turn;
    const size = letter.querySelector("select[name=size]");
    const address = new URL(letter.dataset.preview, location.href);
    if (size) address.searchParams.set("size", size.value);
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
    if (event.target.name === "size") draw().catch(() => {});
  });
}
