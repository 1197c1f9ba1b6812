// A person's facts edited in place, on their page and beside a conversation.
(() => {
  "use strict";
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.target.closest?.("form[data-editing]")?.querySelector("[data-cancel]")?.click();
  });
  // News about a person wait while somebody types into their record; what is typed comes first.
  const typed = (form) => form.dataset.editing !== "typed" || [...form.elements].some(
    (field) => field.matches("input:not([type=hidden]), textarea") && field.value !== field.defaultValue);
  const busy = (card) => [...card.querySelectorAll("form[data-editing]")].some(typed);
  let owed = false;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "contact-card" || !busy(event.detail.target)) return;
    event.detail.shouldSwap = false;
    owed = true;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const card = document.getElementById("contact-card");
    if (!owed || !card || event.detail.elt === card || busy(card)) return;
    owed = false;
    htmx.ajax("GET", card.getAttribute("hx-get"), { target: card, swap: "morph:innerHTML" });
  });
})();
