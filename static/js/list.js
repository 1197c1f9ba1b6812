// The conversation list: rows that changed are fetched by name, put in their place, or taken out.
(() => {
  "use strict";
  const WAIT = 250; // signals come in bursts; one request serves them
  const MANY = 40; // beyond this the first page is cheaper than the rows
  const changed = new Set();
  let timer = 0;
  const rows = () => document.getElementById("rows");

  const fetchRows = () => {
    timer = 0;
    const list = rows();
    if (!list || document.hidden) return;
    const ids = [...changed];
    changed.clear();
    if (!ids.length || ids.length > MANY || list.dataset.search) return refresh();
    const query = new URLSearchParams(ids.map((id) => ["id", id]));
    htmx.ajax("GET", `${list.dataset.delta}?${query}`, { source: list, swap: "none" });
  };
  const refresh = () => {
    changed.clear();
    if (rows() && !document.hidden) htmx.trigger(rows(), "rows:refresh");
  };
  document.addEventListener("live", ({ detail: { name } }) => {
    if (name.startsWith("conv-")) changed.add(name.slice(5));
    if (name === "list" && !timer) timer = setTimeout(fetchRows, WAIT);
  });
  for (const name of ["live:up", "live:sync"]) document.addEventListener(name, refresh);

  // --- the bound: every row held costs a little with each change, and nobody reads 200 of them ------------------------
  const CAP = 200;
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    // Brought up to date, the list keeps the length it was scrolled to; searching starts at the top.
    if (detail.elt.id === "rows" && detail.triggeringEvent?.type === "rows:refresh") detail.parameters.count = rows().querySelectorAll(".row").length;
  });
  const bound = () => {
    const list = rows();
    const all = list ? [...list.querySelectorAll(":scope > [data-key]")] : [];
    if (all.length < CAP) return;
    const rest = all.slice(CAP), end = list.querySelector("[data-sentinel]");
    if (!rest.length && !end?.hasAttribute("hx-get")) return;
    for (const row of rest) row.remove();
    const more = document.getElementById("tpl-more").content.firstElementChild.cloneNode(true);
    const [at, id] = all[CAP - 1].dataset.key.split("-").map((part) => part.replace(/^0+/, ""));
    const link = more.querySelector("a");
    link.setAttribute("href", `${link.getAttribute("href")}?before=${at}-${id}`);
    end?.remove();
    list.append(more);
  };
  document.addEventListener("carillon:upserted", ({ target }) => { if (target === rows()) bound(); });
  for (const name of ["htmx:afterSwap", "htmx:afterSettle"]) document.addEventListener(name, bound);

  // The last row left, or the first came: what an empty list says follows.
  document.addEventListener("carillon:upserted", ({ target }) => {
    if (target !== rows()) return;
    if (!target.querySelector(".row")) refresh();
    else target.querySelector("[data-empty]")?.remove();
  });

  // The chosen row is marked at once, not when the thread arrives.
  const mark = () => {
    const open = document.querySelector("[data-conversation]")?.dataset.conversation;
    for (const row of document.querySelectorAll(".row")) {
      if (row.dataset.conv === open) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  };
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.(".row");
    if (!row || event.metaKey || event.ctrlKey) return;
    for (const other of document.querySelectorAll('.row[aria-current="true"]')) other.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
  });
  for (const name of ["htmx:afterSettle", "carillon:upserted"]) document.addEventListener(name, mark);

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "rows" || !event.detail.requestConfig?.elt?.matches("input[type=search]")) return;
    const count = rows().querySelectorAll(".row").length;
    carillon.say(count === 0 ? "No conversations match" : count === 1 ? "1 conversation" : `${count} conversations`);
  });

  // The tab's title counts what waits.
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target?.id !== "counts") return;
    const unread = Number(document.getElementById("counts")?.dataset.unread || 0);
    document.title = document.title.replace(/^\(\d+\+?\) /, "");
    if (unread) document.title = `(${unread}) ${document.title}`;
    navigator.setAppBadge?.(unread);
  });
})();
