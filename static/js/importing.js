// Uploading a file of contacts: drop it anywhere on the box, and see how much of it has arrived.
(() => {
  "use strict";
  const boxOf = (event) => event.target.closest?.("[data-drop]");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      const box = boxOf(event);
      if (!box) return;
      event.preventDefault();
      box.classList.add("drop--over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, (event) => boxOf(event)?.classList.remove("drop--over"));
  }
  document.addEventListener("drop", (event) => {
    const box = boxOf(event);
    if (!box || !event.dataTransfer.files.length) return;
    event.preventDefault();
    box.querySelector("input[type=file]").files = event.dataTransfer.files;
  });
  document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
    const bar = target.querySelector?.("progress");
    if (!bar || !detail.lengthComputable) return;
    bar.hidden = false;
    bar.max = detail.total;
    bar.value = detail.loaded;
  });
})();
