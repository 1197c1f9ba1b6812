// Pictures and videos in a dialog: previous and next, zoom and turn by buttons, never by dragging alone.
(() => {
  "use strict";
  const dialog = document.getElementById("viewer");
  if (!dialog) return;
  const stage = dialog.querySelector(".viewer__stage");
  let links = [], at = 0, opener = null;

  function show(index) {
    at = (index + links.length) % links.length;
    const { dataset, href } = links[at];
    const media = document.createElement(dataset.view === "video" ? "video" : "img");
    if (dataset.view === "video") Object.assign(media, { controls: true, autoplay: true });
    else media.alt = dataset.title;
    media.src = href;
    stage.replaceChildren(media);
    stage.dataset.zoom = 1;
    stage.dataset.turn = 0;
    document.getElementById("viewer-title").textContent = dataset.title;
    document.getElementById("viewer-download").href = `${href}?download=1`;
    for (const name of ["view-prev", "view-next"]) dialog.querySelector(`[data-act=${name}]`).disabled = links.length < 2;
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-view]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    opener = link;
    const scope = link.closest(".gallery") || document.getElementById("log-items");
    links = [...scope.querySelectorAll("a[data-view]")];
    show(links.indexOf(link));
    dialog.showModal();
  });
  const zoom = (by) => { stage.dataset.zoom = Math.min(3, Math.max(1, Number(stage.dataset.zoom) + by)); };
  Object.assign(carillon.actions, {
    "view-prev": () => show(at - 1),
    "view-next": () => show(at + 1),
    "view-in": () => zoom(1),
    "view-out": () => zoom(-1),
    "view-turn": () => { stage.dataset.turn = (Number(stage.dataset.turn) + 1) % 4; },
    "view-message": () => {
      const id = links[at].dataset.from;
      dialog.close();
      location.hash = "";
      location.hash = id;
    },
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.target.matches("video")) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by && links.length > 1 && stage.dataset.zoom === "1") show(at + (document.dir === "rtl" ? -by : by));
    else if (event.key === "+") zoom(1);
    else if (event.key === "-") zoom(-1);
  });
  dialog.addEventListener("close", () => {
    stage.replaceChildren();
    opener?.focus();
  });
})();
