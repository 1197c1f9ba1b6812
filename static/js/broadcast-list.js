// The list answers while one types: the button for browsers without scripts is not needed.
(() => {
  "use strict";
  const tidy = () => { for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true; };
  document.addEventListener("htmx:afterSettle", tidy);
  tidy();
})();
