// The template picker: a form that answers at once, a bubble before the provider does, and a refusal that reopens it.
(() => {
  "use strict";
  const dialog = document.getElementById("template-picker"); // not on the page that stands in for it without scripts
  const body = () => document.getElementById("template-picker-body");
  const fill = () => document.getElementById("template-fill");
  const form = () => document.querySelector("[data-template-form]");
  const rows = () => [...document.querySelectorAll("[data-template]")];
  const pictures = new Map(); // place -> address of a file chosen here, for the preview

  // --- what is still missing: said beside the button, which waits ------------------------------------------------------
  function check() {
    const element = form();
    if (!element || element.dataset.busy) return;
    const empty = [...element.elements].find((field) => field.willValidate && !field.checkValidity());
    const label = empty && element.querySelector(`label[for="${CSS.escape(empty.id)}"]`)?.textContent.trim();
    element.querySelector("[data-missing]").textContent = label ? `${label} is still missing.` : "";
    element.querySelector("[data-send]").disabled = Boolean(empty);
  }
  function draw() {
    for (const [place, url] of pictures) {
      const spot = document.querySelector(`#template-preview [data-media="${CSS.escape(place)}"]`);
      if (spot) spot.replaceChildren(Object.assign(new Image(), { className: "media__picture", alt: "", src: url }));
    }
  }
  function forget() {
    for (const url of pictures.values()) URL.revokeObjectURL(url);
    pictures.clear();
  }
  function setUp(event) {
    const element = event?.detail?.elt;
    if (form() && !form().dataset.ready) {
      form().dataset.ready = "yes";
      forget();
      const insert = form().querySelector("[data-act=template-insert]");
      if (insert) insert.hidden = !document.getElementById("composer-text");
      for (const row of rows()) row.toggleAttribute("aria-current", row.href.endsWith(`/${form().action.split("/").at(-3)}/`));
      const first = form().querySelector('[aria-invalid="true"]') || [...form().elements].find((field) => field.required && !field.value);
      (first || form().querySelector("[data-heading]")).focus();
    }
    if (element?.id === "template-preview" || element?.closest?.("#template-preview")) draw();
    check();
  }
  document.addEventListener("htmx:load", setUp);
  document.addEventListener("htmx:afterSwap", (event) => event.detail.target?.id === "template-preview" && draw());
  document.addEventListener("input", check);
  document.addEventListener("change", (event) => {
    const place = event.target.dataset?.place;
    if (!place || !form()?.contains(event.target)) return;
    URL.revokeObjectURL(pictures.get(place));
    pictures.delete(place);
    const file = event.target.files[0];
    if (file?.type.startsWith("image/")) pictures.set(place, URL.createObjectURL(file));
    draw();
    check();
  });

  // --- by keyboard: arrows go through the list, from the search too -----------------------------------------------------
  document.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || !event.target.closest?.(".picker__list") || event.target.matches("select")) return;
    const all = rows(), at = all.indexOf(document.activeElement);
    const next = at + by < 0 ? document.getElementById("template-q") : all[Math.min(at + by, all.length - 1)];
    event.preventDefault();
    next?.focus();
  });

  // --- sending ------------------------------------------------------------------------------------------------------------
  const bubble = (element) => {
    const pending = document.getElementById("tpl-pending")?.content.firstElementChild.cloneNode(true);
    if (!pending) return null;
    const shown = document.querySelector("#template-preview .bubble").cloneNode(true);
    shown.querySelector(".bubble__meta").remove();
    pending.querySelector(".bubble__text").replaceWith(...shown.childNodes);
    pending.dataset.cid = element.elements.cid.value;
    pending.dataset.key = `9${String(Date.now()).padStart(14, "0")}000000`;
    return pending;
  };
  async function send(element) {
    const url = element.getAttribute("action"), data = new FormData(element), here = element.elements.conversation.value;
    data.set("seen", document.getElementById("cursor")?.value || "");
    data.set("composer", document.getElementById("composer-state")?.value || "");
    const pending = bubble(element);
    element.dataset.busy = "yes";
    element.querySelector("[data-send]").disabled = true;
    if (pending) {
      document.getElementById("log-items").append(pending);
      document.getElementById("log").scrollTop = 0;
    }
    dialog.close("sending");
    const open = () => document.querySelector(".thread")?.dataset.conversation === here;
    let answer = null, text = "";
    try {
      answer = await fetch(url, { method: "POST", body: data, headers: { "HX-Request": "true", "X-CSRFToken": carillon.csrf() } });
      text = await answer.text();
    } catch { /* no connection */ }
    if (answer?.status === 200) {
      if (open()) htmx.swap(document.body, text, { swapStyle: "none" });
      if (!dialog.open) body().replaceChildren();
      return document.getElementById("composer-text")?.focus();
    }
    pending?.remove();
    if (answer?.status === 401) document.dispatchEvent(new CustomEvent("auth-expired"));
    const reason = carillon.problem(answer?.status);
    if (!open() || dialog.open) return carillon.toast(`The template was not sent: ${reason}`, { bad: true });
    if (answer && [409, 422].includes(answer.status)) htmx.swap(fill(), text, { swapStyle: "innerHTML" });
    else carillon.toast(`The template was not sent: ${reason}`, { bad: true });
    delete element.dataset.busy;
    dialog.showModal();
    setUp();
    carillon.say(`Not sent: ${form().querySelector("[data-error]")?.textContent.trim() || reason}`, { urgent: true });
  }
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-template-form]") || !dialog) return;
    event.preventDefault();
    if (!event.target.dataset.busy) send(event.target);
  });
  dialog?.addEventListener("close", () => {
    if (dialog.returnValue !== "sending") body().replaceChildren();
    dialog.returnValue = "";
  });
  Object.assign(carillon.actions, {
    "template-list"() {
      if (!dialog) return history.back();
      fill().replaceChildren();
      document.getElementById("template-q").focus();
    },
    // The words as they are now, into the reply box, to be changed there.
    "template-insert"() {
      const box = document.getElementById("composer-text");
      const words = document.querySelector("#template-preview .bubble").dataset.plain;
      dialog.close();
      box.setRangeText(words, box.selectionStart, box.selectionEnd, "end");
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.focus();
    },
  });
  setUp();
})();
