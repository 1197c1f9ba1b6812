// Light, dark or like the system. A cookie, so that the server writes data-theme and nothing flashes.
(() => {
  "use strict";
  carillon.actions.theme = ({ dataset }) => {
    const root = document.documentElement;
    if (dataset.theme) root.dataset.theme = dataset.theme;
    else delete root.dataset.theme;
    document.cookie = `theme=${dataset.theme}; path=/; max-age=31536000; samesite=lax`;
    for (const item of document.querySelectorAll("[data-act=theme]")) {
      item.setAttribute("aria-pressed", String(item.dataset.theme === dataset.theme));
    }
  };
})();
