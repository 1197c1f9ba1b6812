// The emoji menu of the reply box; its content is fetched when somebody first opens it.
(() => {
  "use strict";
  const form = () => document.getElementById("composer-form");
  const box = () => document.getElementById("composer-text");
  document.addEventListener("toggle", async (event) => {
    const menu = event.target;
    if (!menu.matches?.("[data-emoji-menu]") || !menu.open) return;
    const panel = menu.querySelector(".emoji");
    if (!panel.childElementCount) {
      const groups = await (await fetch(form().dataset.emoji)).json();
      for (const [title, list] of groups) {
        panel.append(Object.assign(document.createElement("p"), { className: "emoji__group", textContent: title }));
        for (const [emoji, name] of list) {
          panel.append(Object.assign(document.createElement("button"), { type: "button", className: "emoji__key", textContent: emoji, ariaLabel: name, title: name }));
        }
      }
    }
    panel.querySelector("button").focus();
  }, true);
  document.addEventListener("click", (event) => {
    const key = event.target.closest?.(".emoji__key");
    if (!key) return;
    box().setRangeText(key.textContent, box().selectionStart, box().selectionEnd, "end");
    key.closest("details").open = false;
    box().focus();
    box().dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
