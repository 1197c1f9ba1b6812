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
  let owed = false;
  document.addEventListener("htmx:beforeRequest", (event) => {
    const card = event.detail.elt;
    if (card.id !== "contact-card" || ![...card.querySelectorAll("form[data-editing]")].some(typed)) return;
    event.preventDefault();
    owed = true;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const card = document.getElementById("contact-card");
    if (!owed || !card || event.detail.elt === card || [...card.querySelectorAll("form[data-editing]")].some(typed)) return;
    owed = false;
    htmx.ajax("GET", card.getAttribute("hx-get"), { target: card, swap: "morph:innerHTML" });
  });
})();
