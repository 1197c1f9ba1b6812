// Pages about people: choosing several, and the segment builder.
(() => {
  "use strict";
  for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true;

  // --- choosing several people -------------------------------------------------------------------------------------
  const boxes = () => [...document.querySelectorAll("#people-rows input[name=contact]")];
  const recount = () => {
    const all = boxes(), chosen = all.filter((box) => box.checked).length;
    const count = document.getElementById("bulk-count"), every = document.getElementById("choose-all");
    if (count) count.textContent = chosen === 1 ? "1 chosen" : `${chosen} chosen`;
    if (!every) return;
    every.hidden = false;
    every.checked = chosen > 0 && chosen === all.length;
    every.indeterminate = chosen > 0 && chosen < all.length;
  };
  document.addEventListener("change", (event) => {
    if (event.target.id === "choose-all") for (const box of boxes()) box.checked = event.target.checked;
    if (event.target.matches?.("#choose-all, [name=contact]")) recount();
  });
  for (const name of ["htmx:afterSettle", "carillon:upserted"]) document.addEventListener(name, recount);
  recount();

  // Rows come back from the server without their tick: the people were dealt with.
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt?.id !== "bulk" || !event.detail.successful) return;
    for (const box of boxes()) box.checked = false;
    document.getElementById("bulk-label").value = "";
    recount();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "people" || event.detail.requestConfig?.elt?.id !== "filter") return;
    const count = boxes().length;
    carillon.say(count === 0 ? "Nobody matches" : count === 1 ? "1 contact" : `${count} contacts`);
  });

  // --- the list follows what changes elsewhere ---------------------------------------------------------------------
  const CALM = 2000; // changes come in bursts; one request serves them
  let due = 0;
  // Whoever ticks people, or has loaded more of them, keeps the list as it is until they ask.
  const inUse = (list) => list.querySelector("[name=contact]:checked")
    || document.querySelectorAll("#people-rows tr[id^=p-]").length > Number(list.dataset.count);
  const follow = () => {
    due = 0;
    const list = document.getElementById("people");
    if (!list || document.hidden) return; // coming back to this tab counts as news
    if (inUse(list)) document.getElementById("people-news").hidden = false;
    else document.dispatchEvent(new CustomEvent("people:refresh"));
  };
  for (const name of ["live:contacts", "live:up", "live:sync"]) document.addEventListener(name, () => { due ||= setTimeout(follow, CALM); });
  carillon.actions["people-refresh"] = () => document.dispatchEvent(new CustomEvent("people:refresh"));
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "people") document.getElementById("people-news").hidden = true;
  });

  // --- segments ----------------------------------------------------------------------------------------------------
  const changed = () => document.body.dispatchEvent(new CustomEvent("builder:changed"));
  carillon.actions["remove-condition"] = (element) => {
    const row = element.closest("[data-condition]"), group = row.closest("[data-group]");
    const rows = [...document.querySelectorAll("[data-condition]")];
    if (rows.length === 1) return carillon.toast("A segment needs at least one condition.");
    const next = rows[rows.indexOf(row) + 1] || rows[rows.indexOf(row) - 1];
    row.remove();
    if (!group.querySelector("[data-condition]")) group.remove();
    next.querySelector("select").focus();
    changed();
  };
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.closest?.("#builder")) changed();
  });
})();
