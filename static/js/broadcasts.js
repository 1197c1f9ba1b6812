// Pages of the broadcast wizard: rows of the audience, the template's list, autosave and the last ten seconds.
(() => {
  "use strict";
  const hideFallbacks = () => { for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true; };
  const form = () => document.getElementById("step-form");

  // --- leaving and drawing anew go through htmx, so that they wait for an autosave under way --------------------------
  // A plain submit would carry the revision of before it, and be taken for another tab.
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "step-form" || event.target.dataset.step === "review") return;
    const button = event.submitter;
    if (!button || button.hasAttribute("hx-post")) return;
    event.preventDefault();
    draw(button.value, { button });
  });
  const draw = (act, { button = null } = {}) => {
    if (!form()) return;
    clearTimeout(timer);
    button?.setAttribute("aria-disabled", "true");
    htmx.ajax("POST", form().action, { source: "#drawer", values: { do: act } })
      .finally(() => button?.removeAttribute("aria-disabled"));
  };

  // --- what is typed is kept, once for each pause and only when it says something else -------------------------------
  let timer = 0, kept = "";
  const said = () => {
    const fields = new FormData(form());
    for (const name of ["revision", "csrfmiddlewaretoken", "test_numbers"]) fields.delete(name);
    return [...fields].map(([name, value]) => `${name}=${value}`).join("\n");
  };
  const keep = () => {
    if (!form() || said() === kept) return;
    kept = said();
    document.body.dispatchEvent(new CustomEvent("draft:changed"));
  };
  const keepSoon = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(keep, milliseconds);
  };
  const counts = ({ target }) => target.form?.id === "step-form" && form().dataset.step !== "review"
    && !target.matches("[type=file], #test-numbers");
  document.addEventListener("input", (event) => { if (counts(event)) keepSoon(1000); });
  document.addEventListener("change", (event) => {
    if (!counts(event)) return;
    if (event.target.matches("[data-redraw]")) draw("draw");
    else keepSoon(200);
  });

  // --- the audience --------------------------------------------------------------------------------------------------
  carillon.actions["remove-pick"] = (element) => {
    const row = element.closest("[data-pick]"), rows = row.parentElement;
    const next = row.nextElementSibling || row.previousElementSibling;
    if (next) {
      row.remove();
      next.querySelector("select").focus();
    } else if (rows.id === "picks-include") {
      row.querySelector("select").value = "";
      row.querySelector("select").focus();
    } else {
      row.remove();
      rows.parentElement.querySelector("[value^='add:']").focus();
    }
    keepSoon(200);
  };
  // Who receives it, or why not: 20 people in a dialog.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-people]");
    const dialog = document.getElementById("people-dialog");
    if (!link || !dialog || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    htmx.ajax("GET", link.href, { target: dialog, swap: "innerHTML" }).then(() => dialog.open || dialog.showModal());
  });

  // --- the template's list ---------------------------------------------------------------------------------------------
  const narrow = (field) => {
    const words = field.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of document.querySelectorAll(".choose__row")) {
      row.hidden = !words.every((word) => row.dataset.words.includes(word));
      if (!row.hidden) shown += 1;
    }
    document.querySelector("[data-no-match]").hidden = shown > 0;
  };
  document.addEventListener("input", ({ target }) => { if (target.id === "template-q") narrow(target); });

  // --- files -----------------------------------------------------------------------------------------------------------
  const boxOf = (event) => event.target.closest?.("[data-drop]");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!boxOf(event)) return;
      event.preventDefault();
      boxOf(event).classList.add("drop--over");
    });
  }
  for (const name of ["dragleave", "drop"]) document.addEventListener(name, (event) => boxOf(event)?.classList.remove("drop--over"));
  document.addEventListener("drop", (event) => {
    const box = boxOf(event);
    if (!box || !event.dataTransfer.files.length) return;
    event.preventDefault();
    const field = box.querySelector("input[type=file]");
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
    const bar = target.matches?.("input[type=file]") && target.parentElement.querySelector("progress");
    if (!bar || !detail.lengthComputable) return;
    bar.hidden = false;
    bar.max = detail.total;
    bar.value = detail.loaded;
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => { if (detail.elt.matches?.("input[type=file]")) detail.elt.value = ""; });

  // --- launching ---------------------------------------------------------------------------------------------------------
  const check = () => {
    const typed = document.getElementById("typed-count"), button = document.querySelector("[data-launch]");
    if (typed && button) button.disabled = typed.value.replace(/[^\d]/g, "") !== typed.dataset.count;
  };
  document.addEventListener("input", ({ target }) => { if (target.id === "typed-count") check(); });
  document.addEventListener("submit", (event) => {
    // Twice is harmless, the key sees to that; but nobody should wonder whether the first press counted.
    if (event.submitter?.matches("[data-launch]")) setTimeout(() => { event.submitter.disabled = true; });
  });
  window.addEventListener("pageshow", check);

  const countdown = (card) => {
    const left = Number(card.dataset.starting) - Date.now() / 1000;
    card.querySelector("progress").value = Math.max(0, left);
    if (left > 0) return void setTimeout(countdown, 200, card);
    location.assign(card.dataset.then);
  };
  document.querySelectorAll("[data-starting]").forEach(countdown);

  // --- what every answer brings ----------------------------------------------------------------------------------------
  const settle = () => {
    hideFallbacks();
    for (const search of document.querySelectorAll("[data-template-search]")) search.hidden = false;
  };
  document.addEventListener("htmx:afterSettle", (event) => {
    settle();
    if (event.detail.target?.id !== "step-form" || !form()) return;
    kept = said();
    form().querySelector(".errors")?.focus();
  });
  settle();
  check();

  // What was chosen or typed before the scripts had come, or put back by the browser after a reload, counts as done now.
  const differs = (field) => {
    if (field.matches("[type=radio], [type=checkbox]")) return field.checked !== field.defaultChecked;
    if (!field.matches("select")) return field.value !== field.defaultValue;
    const first = Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
    return field.selectedIndex !== first;
  };
  document.addEventListener("DOMContentLoaded", () => {
    if (!form() || form().dataset.step === "review") return;
    const changed = [...form().elements].filter((field) => field.matches("select, textarea, input:not([type=hidden], [type=file])") && differs(field));
    if (changed.some((field) => field.matches("[data-redraw]"))) draw("draw");
    else if (changed.length) keepSoon(0);
  });
})();
