// The open conversation: seen when it is really looked at, a bounded number of bubbles, news said once.
(() => {
  "use strict";
  const CAP = 300, LEEWAY = 20; // beyond 300 bubbles an append costs noticeable time on a slow laptop
  const NEAR = 100; // pixels from the end that still count as reading the end
  const log = () => document.getElementById("log");
  const items = () => document.getElementById("log-items");
  const atEnd = () => !log() || Math.abs(log().scrollTop) < NEAR;

  // --- seen: visible and focused for a second, told by POST so that prefetching never marks anything -----------------
  let seenTimer = 0;
  const watch = () => {
    clearTimeout(seenTimer);
    const thread = document.querySelector("[data-conversation]");
    if (!thread?.dataset.unread || document.hidden || !document.hasFocus()) return;
    seenTimer = setTimeout(() => {
      if (!thread.isConnected || document.hidden || !document.hasFocus()) return;
      delete thread.dataset.unread;
      htmx.ajax("POST", thread.dataset.seen, { source: thread, swap: "none" });
    }, 1000);
  };
  for (const name of ["visibilitychange", "htmx:afterSettle"]) document.addEventListener(name, watch);
  window.addEventListener("focus", watch);
  window.addEventListener("blur", () => clearTimeout(seenTimer));

  // --- what is new --------------------------------------------------------------------------------------------------
  let spokenAt = 0, unspoken = 0;
  const speak = (bubbles) => {
    unspoken += bubbles.length;
    if (Date.now() - spokenAt < 3000) return;
    const last = bubbles.at(-1);
    const text = (last.querySelector(".bubble__text")?.textContent || last.dataset.label || "").trim().slice(0, 120);
    carillon.say(unspoken > 1 ? `${unspoken} new messages` : `${document.getElementById("thread-title").textContent.trim()}: ${text}`);
    spokenAt = Date.now();
    unspoken = 0;
  };
  let newest = "";
  const keyOfLast = () => [...(items()?.querySelectorAll(".bubble[data-key]") || [])].filter((b) => !b.dataset.pending).at(-1)?.dataset.key || "";
  document.addEventListener("carillon:upserted", (event) => {
    if (event.target !== items()) return;
    const fresh = [...items().querySelectorAll(".bubble--in")].filter((bubble) => bubble.dataset.key > newest);
    if (fresh.length) {
      speak(fresh);
      const thread = document.querySelector("[data-conversation]");
      thread.dataset.unread = "yes";
      watch();
      if (!atEnd()) showLatest(fresh.length);
    }
    newest = keyOfLast() > newest ? keyOfLast() : newest;
    if (atEnd()) trimOldest();
  });

  let waiting = 0;
  const showLatest = (count) => {
    const button = document.getElementById("latest");
    waiting += count;
    button.querySelector("[data-text]").textContent = waiting ? `${waiting} new` : "Latest";
    button.hidden = false;
  };
  const hideLatest = () => {
    waiting = 0;
    const button = document.getElementById("latest");
    if (button && !items()?.hasAttribute("data-detached")) button.hidden = true;
  };
  document.addEventListener("scroll", (event) => {
    if (event.target !== log()) return;
    if (atEnd()) hideLatest();
    else if (Math.abs(log().scrollTop) > 600) document.getElementById("latest").hidden = false;
  }, true);
  carillon.actions.latest = () => {
    if (items().hasAttribute("data-detached")) return location.reload();
    log().scrollTo({ top: 0 });
    hideLatest();
  };

  // --- the bound ----------------------------------------------------------------------------------------------------
  const bubbles = () => [...items().querySelectorAll(":scope > .bubble")];
  function trimOldest() {
    const all = bubbles();
    if (all.length <= CAP + LEEWAY) return;
    const keep = all[all.length - CAP];
    while (items().firstElementChild !== keep) items().firstElementChild.remove();
    const sentinel = document.getElementById("tpl-older").content.firstElementChild.cloneNode(true);
    const link = sentinel.matches("[hx-get]") ? sentinel : sentinel.querySelector("[hx-get]");
    const url = `${document.querySelector("[data-conversation]").dataset.older}?before=${keep.dataset.mid}`;
    link.setAttribute("hx-get", url);
    items().prepend(sentinel);
    htmx.process(sentinel);
  }
  // Reading far back: the newest end goes, and comes again with "Latest".
  function trimNewest() {
    const all = bubbles();
    if (all.length <= CAP + LEEWAY || atEnd()) return;
    const last = all[CAP - 1];
    while (items().lastElementChild !== last) items().lastElementChild.remove();
    items().setAttribute("data-detached", "");
    showLatest(0);
  }
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.requestConfig?.path?.includes("/older/")) trimNewest();
    else if (event.detail.target?.id === "thread") opened();
  });

  // --- opening ------------------------------------------------------------------------------------------------------
  function opened() {
    newest = keyOfLast();
    waiting = 0;
    if (!carillon.keepFocus) document.getElementById("thread-title")?.focus({ preventScroll: true });
    carillon.keepFocus = false;
  }
  newest = keyOfLast();
  watch();
  const jump = () => {
    const found = location.hash.startsWith("#m-") && document.getElementById(location.hash.slice(1));
    if (!found) return;
    found.scrollIntoView({ block: "center" });
    found.classList.add("bubble--found");
    setTimeout(() => found.classList.remove("bubble--found"), 2000);
  };
  window.addEventListener("hashchange", jump);
  jump();

  // --- the contact: a column on wide screens (remembered), a drawer on narrow ones ------------------------------------
  const inbox = () => document.querySelector(".inbox");
  carillon.actions.side = () => {
    const wide = matchMedia("(min-width: 80rem)").matches;
    if (wide) {
      const next = inbox().dataset.side === "closed" ? "open" : "closed";
      inbox().dataset.side = next;
      document.cookie = `side=${next}; path=/; max-age=31536000; samesite=lax`;
    } else if (inbox().toggleAttribute("data-drawer")) {
      document.getElementById("side").querySelector("button, a")?.focus();
    } else document.getElementById("side-toggle")?.focus();
    const open = wide ? inbox().dataset.side !== "closed" : inbox().hasAttribute("data-drawer");
    document.getElementById("side-toggle")?.setAttribute("aria-expanded", String(open));
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && inbox()?.hasAttribute("data-drawer") && !document.querySelector("dialog[open]")) carillon.actions.side();
  });
})();
