// Single keys for people who live in the inbox. Off while typing, and off altogether when a person says so.
(() => {
  "use strict";
  const OFF = "shortcuts-off";
  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable], dialog[open]");
  const rows = () => [...document.querySelectorAll("#rows .row")];
  const current = () => rows().findIndex((row) => row === document.activeElement || row.getAttribute("aria-current") === "true");
  const focused = () => rows().indexOf(document.activeElement);
  const step = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = focused() >= 0 ? focused() : current();
    const row = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  };
  const press = (selector) => document.querySelector(selector)?.click();
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    o: () => rows()[focused()]?.click(),
    r: () => document.getElementById("composer-text")?.focus(),
    e: () => press("[data-key=resolve]"),
    i: () => press("[data-key=assign-me]"),
    u: () => press("[data-key=unread]"),
    t: () => press("[data-key=templates]"),
    "]": () => press("#side-toggle"),
    "/": () => document.getElementById("search")?.focus(),
    "?": () => document.getElementById("shortcuts")?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches?.("#composer-text, #search")) return event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (localStorage.getItem(OFF)) return;
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  const box = document.getElementById("shortcuts-on");
  if (box) {
    box.checked = !localStorage.getItem(OFF);
    box.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  }

  // A resolved conversation leaves its queue: the next one takes the focus.
  document.addEventListener("conversation:left", ({ detail }) => {
    const row = document.getElementById(`c-${detail.id}`)?.querySelector(".row");
    const all = rows();
    const next = all[all.indexOf(row) + 1] || all[all.indexOf(row) - 1];
    if (!row || !next) return;
    carillon.keepFocus = true;
    next.click();
    next.focus();
  });
  document.addEventListener("conversation:closed", ({ detail }) => document.querySelector(`.row[data-conv="${detail.id}"]`)?.focus());
})();
