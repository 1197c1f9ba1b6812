// What every page shares: the CSRF header, morphing swaps, upserts, toasts, dialogs and menus.
(() => {
  "use strict";
  const root = document.documentElement;
  const app = (window.carillon = {});

  // Scripts most visits never need come with the first thing that needs them: <meta name="script-on-need" content="…" data-when="selector">
  const fetchScripts = () => {
    for (const need of document.querySelectorAll("meta[name=script-on-need]")) {
      if (!document.querySelector(need.dataset.when)) continue;
      const script = document.createElement("script");
      script.src = need.content;
      document.head.append(script);
      need.remove();
    }
  };
  for (const name of ["DOMContentLoaded", "htmx:load", "carillon:upserted"]) document.addEventListener(name, fetchScripts);

  // The token is read when a request leaves: a value written into the page goes stale when another tab signs in again.
  app.csrf = () => {
    const name = `${root.dataset.csrfCookie}=`;
    const cookie = document.cookie.split("; ").find((part) => part.startsWith(name));
    return cookie ? decodeURIComponent(cookie.slice(name.length)) : document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
  };
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = app.csrf();
  });

  // The published idiomorph extension takes every swap style for its own, which breaks out-of-band swaps.
  const shape = (style) => ({ morph: "outerHTML", "morph:outerHTML": "outerHTML", "morph:innerHTML": "innerHTML" })[style];
  htmx.defineExtension("morph", {
    isInlineSwap: (style) => shape(style) === "outerHTML",
    handleSwap(style, target, fragment) {
      const morphStyle = shape(style);
      return morphStyle && Idiomorph.morph(target, fragment.children || fragment, { morphStyle });
    },
  });

  // The same bubble or row may come twice (as answer to a POST and in a delta): the later one replaces the earlier.
  const known = (node) =>
    (node.id && document.getElementById(node.id)) ||
    (node.dataset.cid && document.querySelector(`[data-cid="${CSS.escape(node.dataset.cid)}"]`));

  // A message keeps its place in its group, and a player in use is left alone.
  const refresh = (old, node) => {
    if (old.classList.contains("bubble--follows")) node.classList.add("bubble--follows");
    Idiomorph.morph(old, node, {
      morphStyle: "outerHTML",
      callbacks: { beforeNodeMorphed: (before) => !(before.dataset?.ready && "player" in before.dataset) },
    });
  };
  // News about what this list does not hold: above its first entry, or below an end that was cut off.
  const outside = (list, node) => {
    if (list.hasAttribute("data-detached")) return true;
    const first = list.querySelector(":scope > [data-key]");
    return list.dataset.order !== "newest" && first && node.dataset.key < first.dataset.key;
  };

  app.place = (list, node) => {
    const key = node.dataset.key;
    const ascending = list.dataset.order !== "newest";
    let after = null; // walk from the end, where new bubbles belong
    const nodes = [...list.children].filter((item) => item.dataset.key && item !== node);
    if (ascending) {
      for (let i = nodes.length - 1; i >= 0 && nodes[i].dataset.key > key; i--) after = nodes[i];
    } else {
      after = nodes.find((item) => item.dataset.key < key) || null;
    }
    const end = ascending ? null : list.querySelector("[data-sentinel]");
    list.insertBefore(node, after || end);
  };

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { fragment, target } = event.detail;
    if (!fragment.hasAttribute?.("data-upsert")) return;
    event.detail.shouldSwap = false;
    for (const node of [...fragment.children]) {
      const old = known(node);
      if (node.hasAttribute("data-gone")) {
        old?.remove();
      } else if (old && old.dataset.key === node.dataset.key) {
        refresh(old, node);
      } else {
        old?.remove();
        if (!old && outside(target, node)) continue;
        app.place(target, node);
        htmx.process(node);
      }
    }
    target.dispatchEvent(new CustomEvent("carillon:upserted", { bubbles: true }));
  });

  // --- toasts and spoken news -------------------------------------------------------------------------------------
  app.toast = (text, { bad = false, action = null, seconds = 8 } = {}) => {
    const toast = document.getElementById("tpl-toast").content.firstElementChild.cloneNode(true);
    toast.querySelector("[data-text]").textContent = text;
    toast.classList.toggle("toast--bad", bad);
    const button = toast.querySelector("[data-action]");
    if (action) {
      button.textContent = action.label;
      button.addEventListener("click", () => { toast.remove(); action.run(); });
    } else button.remove();
    toast.querySelector("[data-dismiss]").addEventListener("click", () => toast.remove());
    let timer = 0;
    const start = () => { timer = setTimeout(() => toast.remove(), seconds * 1000); };
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
    for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, start);
    document.getElementById("toasts").append(toast);
    start();
    return toast;
  };
  app.say = (text, { urgent = false } = {}) => {
    const region = document.getElementById(urgent ? "alert" : "announce");
    region.textContent = "";
    requestAnimationFrame(() => { region.textContent = text; });
  };

  // HX-Trigger: {"toast": {"text": "…", "undo": "/url"}}
  document.addEventListener("toast", ({ detail }) => {
    const undo = detail.undo && {
      label: detail.label || "Undo",
      run: () => htmx.ajax("POST", detail.undo, { swap: "none", values: detail.values || {} }),
    };
    app.toast(detail.text, { bad: detail.bad, action: undo });
  });

  const PROBLEMS = {
    403: "You are not allowed to do that.",
    404: "That is no longer there. Reload the page.",
    413: "That file is too large.",
    429: "Too many requests. Wait a moment, then try again.",
    503: "The service is briefly unavailable. Try again in a moment.",
  };
  app.problem = (status) => PROBLEMS[status] || (status ? `Something went wrong (${status}).` : "No connection. Check your network.");
  const retry = (detail) => detail.requestConfig?.verb === "get" || detail.elt.matches?.("form")
    ? { label: "Retry", run: () => htmx.trigger(detail.elt, detail.requestConfig.triggeringEvent?.type || "click") } : null;
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, ({ detail }) => {
      if (detail.xhr?.status === 401 || detail.elt.closest?.("[data-live]")) return;
      app.toast(app.problem(detail.xhr?.status), { bad: true, action: retry(detail) });
    });
  }
  document.addEventListener("auth-expired", () => document.getElementById("signed-out")?.showModal());

  // --- dialogs, menus and small actions: data-act="name" ----------------------------------------------------------
  app.actions = {
    open: (element) => document.getElementById(element.dataset.target)?.showModal(),
    close: (element) => element.closest("dialog")?.close(),
    reload: () => location.reload(),
    async copy(element) {
      const source = document.getElementById(element.dataset.target);
      await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
      app.toast("Copied", { seconds: 3 });
    },
    reveal(element) {
      const field = document.getElementById(element.dataset.target);
      const hidden = field.type === "password";
      field.type = hidden ? "text" : "password";
      element.setAttribute("aria-pressed", String(hidden));
    },
  };
  document.addEventListener("click", (event) => {
    const element = event.target.closest?.("[data-act]");
    if (element && app.actions[element.dataset.act]) {
      event.preventDefault();
      app.actions[element.dataset.act](element, event);
    }
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target) || event.target.closest(".menu__item")) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu) return;
    const items = [...menu.querySelectorAll(".menu__item")];
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.stopPropagation();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      items.at((at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1)) % items.length)?.focus();
      event.preventDefault();
    }
  });

  // A destructive form asks in our own dialog: <form data-confirm="Disconnect this number?">
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = form.dataset?.confirm;
    if (!question || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = document.getElementById("confirm");
    dialog.querySelector("[data-text]").textContent = question;
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(event.submitter);
      delete form.dataset.confirmed;
    };
    dialog.returnValue = "";
    dialog.showModal();
  }, true);

  // After a refused form the first wrong field gets the focus.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.xhr?.status === 422) event.detail.target?.querySelector?.('[aria-invalid="true"]')?.focus();
  });
})();
