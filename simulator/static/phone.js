// Sends forms without a reload and redraws bubbles that changed. Without this file everything works by reloading.
const thread = document.getElementById("thread");
const people = document.getElementById("people");
const notes = document.getElementById("notes");
const scroller = document.getElementById("scroll");
const composer = document.getElementById("composer");
const field = document.getElementById("message-text");
let stream = null;
let following = true;

document.documentElement.classList.add("with-script");

const atBottom = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
const toBottom = () => { scroller.scrollTop = scroller.scrollHeight; };

async function fragment(address) {
  const answer = await fetch(address);
  if (!answer.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html").body;
}

// Bubbles with an unchanged revision stay as they are: a playing voice note keeps playing.
function patch(list, fresh) {
  const wanted = new Map([...fresh.children].map((node) => [node.id, node]));
  for (const node of [...list.children]) if (!wanted.has(node.id)) node.remove();
  let previous = null;
  for (const [id, node] of wanted) {
    let current = document.getElementById(id);
    if (!current) {
      current = document.adoptNode(node);
      if (previous) previous.after(current); else list.prepend(current);
    } else if (current.dataset.revision !== node.dataset.revision) {
      const replacement = document.adoptNode(node);
      current.replaceWith(replacement);
      current = replacement;
    }
    previous = current;
  }
  if (following) toBottom();
}

let drawing = false;
let again = false;
async function redraw() {
  if (drawing) { again = true; return; }
  drawing = true;
  try {
    const addresses = [thread.dataset.thread, thread.dataset.people, thread.dataset.notes];
    const [bubbles, rows, facts] = await Promise.all(addresses.map(fragment));
    if (bubbles) patch(thread.querySelector(".bubbles"), bubbles.querySelector(".bubbles"));
    if (rows) people.replaceChildren(...rows.childNodes);
    if (facts) notes.replaceChildren(...facts.childNodes);
  } finally {
    drawing = false;
    if (again) { again = false; redraw(); }
  }
}

function listen() {
  if (document.visibilityState === "hidden") {
    if (stream) stream.close();
    stream = null;
  } else if (!stream) {
    stream = new EventSource(thread.dataset.live);
    stream.addEventListener("message", redraw);
  }
}

function grow() {
  field.rows = Math.min(6, field.value.split("\n").length);
}

async function sendQuietly(event) {
  const form = event.target.closest("form[data-quiet]");
  if (!form) return;
  event.preventDefault();
  const content = new FormData(form, event.submitter);
  if (form === composer) { form.reset(); grow(); }
  const answer = await fetch(form.action, {method: "POST", body: content, headers: {"X-Requested-With": "fetch"}});
  if (!answer.ok) { window.alert(await answer.text()); return; }
  if (form.dataset.then) { window.location.assign(form.dataset.then); return; }
  if (form !== composer) form.reset();
  for (const open of document.querySelectorAll(".pop[open], .actions[open]")) open.open = false;
  following = true;
  redraw();
}

for (const select of document.querySelectorAll("[data-submit-on-change]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".pop[open], .actions[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector(".pop[open], .actions[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

if (thread) {
  document.addEventListener("submit", sendQuietly);
  document.addEventListener("visibilitychange", listen);
  window.addEventListener("pagehide", () => { if (stream) stream.close(); });
  field.addEventListener("input", grow);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (composer.reportValidity()) composer.requestSubmit();
    }
  });
  document.getElementById("emoji").addEventListener("click", (event) => {
    const sign = event.target.dataset.insert;
    if (!sign) return;
    field.setRangeText(sign, field.selectionStart, field.selectionEnd, "end");
    field.focus();
  });
  scroller.addEventListener("scroll", () => { following = atBottom(); });
  // Pictures and players take their height when they load; these events do not bubble.
  for (const loaded of ["load", "loadedmetadata"]) {
    scroller.addEventListener(loaded, () => { if (following) toBottom(); }, true);
  }
  toBottom();
  listen();
}
