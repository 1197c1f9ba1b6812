// What can be done with one message: quote it in an answer, react to it with an emoji.
(() => {
  "use strict";
  const strip = () => document.getElementById("composer-quote");
  const field = () => document.getElementById("composer-reply-to");
  const box = () => document.getElementById("composer-text");

  // --- the quote above the reply box --------------------------------------------------------------------------------
  const put = ({ id, who, text }) => {
    if (!field()) return;
    field().value = id;
    strip().querySelector("[data-who]").textContent = who;
    strip().querySelector("[data-text]").textContent = text;
    strip().hidden = !id;
  };
  const clear = () => put({ id: "", who: "", text: "" });
  carillon.quote = {
    get id() { return field()?.value || ""; },
    clear,
    // What a message takes along when it leaves; the next one quotes nothing.
    take() {
      if (!field()?.value) return null;
      const taken = { id: field().value, who: strip().querySelector("[data-who]").textContent, text: strip().querySelector("[data-text]").textContent };
      clear();
      return taken;
    },
    draw: ({ who, text }) => {
      const quote = Object.assign(document.createElement("span"), { className: "quote" });
      for (const [name, words] of [["quote__who", who], ["quote__text", text]]) {
        quote.append(Object.assign(document.createElement("span"), { className: name, textContent: words, dir: "auto" }));
      }
      return quote;
    },
  };
  carillon.actions.quote = (element) => {
    const bubble = element.closest(".bubble");
    const words = bubble.querySelector(":scope > .bubble__text")?.textContent.trim();
    put({ id: bubble.dataset.mid, who: element.dataset.who, text: (words || bubble.dataset.label).slice(0, 160) });
    carillon.say(`Replying to ${element.dataset.who}`);
    box()?.focus();
  };
  carillon.actions.unquote = () => {
    clear();
    box()?.focus();
  };

  // --- reactions: one menu for all bubbles ----------------------------------------------------------------------------
  const GAP = 4;
  const menu = () => document.getElementById("reactions");
  let asked = null;
  carillon.actions.react = (element) => {
    if (menu().matches(":popover-open") && asked === element) return menu().hidePopover();
    asked = element;
    for (const sign of menu().children) sign.setAttribute("aria-pressed", String(sign.dataset.emoji === element.dataset.reacted));
    element.closest(".bubble").classList.add("bubble--acting");
    menu().showPopover();
    const from = element.getBoundingClientRect(), size = menu().getBoundingClientRect();
    const above = from.top - size.height - GAP;
    menu().style.top = `${above > GAP ? above : from.bottom + GAP}px`;
    menu().style.left = `${Math.max(GAP, Math.min(from.left + from.width / 2 - size.width / 2, innerWidth - size.width - GAP))}px`;
    (menu().querySelector("[aria-pressed=true]") || menu().firstElementChild).focus();
  };
  document.addEventListener("toggle", (event) => {
    if (event.target.id !== "reactions" || event.newState !== "closed") return;
    for (const bubble of document.querySelectorAll(".bubble--acting")) bubble.classList.remove("bubble--acting");
  }, true);
  carillon.actions["react-with"] = (sign) => {
    const again = sign.getAttribute("aria-pressed") === "true"; // the same a second time takes it back
    menu().hidePopover();
    htmx.ajax("POST", asked.dataset.url, { source: asked, swap: "none", values: { emoji: again ? "" : sign.dataset.emoji } });
    asked.focus();
  };
  document.addEventListener("scroll", (event) => {
    if (event.target.id === "log" && menu()?.matches(":popover-open")) menu().hidePopover();
  }, true);

  // --- one stop for Tab: arrows go on from message to message -----------------------------------------------------------
  const acts = (within = document) => [...within.querySelectorAll(".bubble__act")];
  const settle = () => {
    const all = acts();
    for (const act of all) act.tabIndex = -1;
    const last = all.at(-1)?.parentElement;
    for (const act of last?.children || []) act.tabIndex = 0;
  };
  document.addEventListener("keydown", (event) => {
    const sign = event.target.closest?.(".reactions__sign");
    const act = sign || event.target.closest?.(".bubble__act");
    if (!act) return;
    const along = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const across = !sign && { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!along && !across) return;
    event.preventDefault();
    const turned = document.documentElement.dir === "rtl" ? -1 : 1;
    const same = along ? [...act.parentElement.children] : acts(document.getElementById("log-items")).filter((other) => other.dataset.act === act.dataset.act);
    same[same.indexOf(act) + (along ? along * turned : across)]?.focus();
  });
  for (const name of ["htmx:load", "htmx:afterSettle", "carillon:upserted"]) document.addEventListener(name, settle);
  settle();
})();
