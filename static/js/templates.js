// Pages about templates: variables put in at the caret, lengths counted, folds opened, uploads shown, focus kept.
(() => {
  "use strict";
  for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true;

  // --- the editor --------------------------------------------------------------------------------------------------
  const changed = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));
  const VARIABLE = /\{\{\s*(\w+)\s*\}\}/g;
  const nextName = (text, format) => {
    const known = [...text.matchAll(VARIABLE)].map((found) => found[1]);
    if (format !== "named") return String(Math.max(0, ...known.map(Number).filter(Number.isInteger)) + 1);
    let name = "name";
    for (let number = 1; known.includes(name); number++) name = `value_${number}`;
    return name;
  };
  carillon.actions["insert-variable"] = (element) => {
    const field = document.getElementById(element.dataset.target);
    const name = nextName(field.value, element.dataset.format);
    const start = field.selectionStart;
    field.setRangeText(`{{${name}}}`, start, field.selectionEnd, "end");
    field.focus();
    if (element.dataset.format === "named") field.setSelectionRange(start + 2, start + 2 + name.length);
    changed(field);
  };
  const count = (counter) => {
    const field = document.getElementById(counter.dataset.counter);
    if (!field) return;
    const length = [...field.value].length;
    counter.querySelector("[data-count]").textContent = length;
    counter.classList.toggle("counter--over", length > Number(counter.dataset.most));
  };
  const countAll = () => document.querySelectorAll("[data-counter]").forEach(count);
  document.addEventListener("input", ({ target }) => {
    if (!target.id) return;
    document.querySelectorAll(`[data-counter="${CSS.escape(target.id)}"]`).forEach(count);
  });

  // A part that was added or moved is drawn anew with the form; the focus goes where the writing goes on.
  const settle = (form) => {
    const wanted = form.dataset.focus;
    delete form.dataset.focus;
    const last = (css) => [...form.querySelectorAll(css)].at(-1);
    const field = { "last-button": () => last(".button-row__fields input:not([type=hidden])"), "last-card": () => last(".card-row textarea") }[wanted];
    (form.querySelector("[data-focus-me]") || (wanted && (field ? field() : document.getElementById(wanted))))?.focus();
  };
  document.addEventListener("htmx:afterSettle", (event) => {
    countAll();
    const form = document.getElementById("editor-form");
    if (form && event.detail.target?.id === "editor-form") settle(form);
    for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true;
  });

  // What was typed before the scripts had come, or what the browser put back after a reload, counts as typed now.
  document.addEventListener("DOMContentLoaded", () => {
    const fields = [...document.querySelectorAll("#editor-form :is(textarea, input:not([type=hidden], [type=file]))")];
    const typed = fields.find((field) => field.value !== field.defaultValue);
    if (typed) changed(typed);
  });

  // A file goes up once: its field is emptied, or the next upload would bring it along again.
  document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
    const bar = target.matches?.("[data-upload]") && target.parentElement.querySelector("progress");
    if (!bar || !detail.lengthComputable) return;
    bar.hidden = false;
    bar.max = detail.total;
    bar.value = detail.loaded;
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.elt.matches?.("[data-upload]")) return;
    detail.elt.value = "";
    const bar = detail.elt.parentElement?.querySelector("progress");
    if (bar) bar.hidden = true;
  });

  // --- other pages -------------------------------------------------------------------------------------------------
  carillon.actions.unfold = (element) => {
    const fold = document.getElementById(element.dataset.target);
    fold.open = true;
    fold.scrollIntoView({ block: "nearest" });
    fold.querySelector("input:not([type=hidden]), select")?.focus();
  };
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "templates" || event.detail.requestConfig?.elt?.id !== "filter") return;
    const rows = document.querySelectorAll("#template-rows tr[id]").length;
    carillon.say(rows === 0 ? "No template matches" : rows === 1 ? "1 template" : `${rows} templates`);
  });
  // Names of templates know small letters, digits and underscores only; what is typed becomes that.
  document.addEventListener("input", ({ target }) => {
    if (!target.matches?.("[data-template-name]")) return;
    const tidy = target.value.toLowerCase().replace(/[\s-]+/g, "_").replace(/[^a-z0-9_]/g, "");
    if (tidy === target.value) return;
    const end = target.selectionEnd - (target.value.length - tidy.length);
    target.value = tidy;
    target.setSelectionRange(end, end);
  });
  countAll();
})();
