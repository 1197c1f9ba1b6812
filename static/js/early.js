// What is pressed before the deferred scripts have run waits for them. Runs before the page is drawn, so it stays small.
(() => {
  "use strict";
  const held = [];
  const hold = (event) => {
    const pressed = event.type === "submit" ? event.target.closest?.("[data-confirm]") : event.target.closest?.("[data-act]");
    if (!pressed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    held.push(event.type === "submit" ? () => pressed.requestSubmit(submitter) : () => pressed.click());
  };
  for (const name of ["click", "submit"]) document.addEventListener(name, hold, true);
  document.addEventListener("DOMContentLoaded", () => {
    for (const name of ["click", "submit"]) document.removeEventListener(name, hold, true);
    // After every other handler of this event, because some of them make the page ready.
    setTimeout(() => held.forEach((again) => again()));
  });
})();
