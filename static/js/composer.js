// The reply box: a bubble appears at once, one message leaves at a time, and no text is ever lost.
(() => {
  "use strict";
  const form = () => document.getElementById("composer-form");
  const box = () => document.getElementById("composer-text");
  const items = () => document.getElementById("log-items");
  const store = sessionStorage;
  const jobs = new Map(); // cid -> what was to be sent
  let files = [], chain = Promise.resolve(), sequence = 0, expiry = 0;

  // --- text that must survive ---------------------------------------------------------------------------------------
  const draftKey = (conversation) => `draft:${conversation}`;
  const unsentKey = (conversation) => `unsent:${conversation}`;
  const unsent = (conversation) => JSON.parse(store.getItem(unsentKey(conversation)) || "[]");
  const keep = (conversation, list) => (list.length ? store.setItem(unsentKey(conversation), JSON.stringify(list)) : store.removeItem(unsentKey(conversation)));
  const remember = (job) => job.text && keep(job.conversation, [...unsent(job.conversation).filter((j) => j.cid !== job.cid), { cid: job.cid, text: job.text, quote: job.quote }]);
  const forget = (job) => keep(job.conversation, unsent(job.conversation).filter((j) => j.cid !== job.cid));
  const saveDraft = () => {
    const key = draftKey(form().dataset.conversation);
    if (box().value) store.setItem(key, box().value);
    else store.removeItem(key);
  };

  // --- one box, set up whenever a thread or a new composer state arrives ---------------------------------------------
  function setUp() {
    const closed = document.querySelector("[data-act=copy-draft]");
    if (closed) closed.hidden = !store.getItem(draftKey(closed.dataset.conversation));
    const element = form();
    if (!element || element.dataset.ready) return;
    element.dataset.ready = "yes";
    files = [];
    const input = document.getElementById("composer-file");
    input.multiple = true;
    input.tabIndex = -1; // the stylesheet hides it beside data-ready; htmx would take an added class away again
    for (const control of element.querySelectorAll("[data-attach-label], [data-emoji-menu]")) control.hidden = false;
    element.querySelector("[data-act=record]").hidden = !voiceType();
    if (!box().value) box().value = store.getItem(draftKey(element.dataset.conversation)) || "";
    grow();
    clearTimeout(expiry);
    const left = new Date(element.dataset.until) - Date.now();
    if (left > 0 && left < 2 ** 31) expiry = setTimeout(() => document.dispatchEvent(new CustomEvent(`live:conv-${element.dataset.conversation}`)), left + 500);
    for (const job of unsent(element.dataset.conversation)) {
      if (document.querySelector(`[data-cid="${job.cid}"]`)) { forget({ ...job, conversation: element.dataset.conversation }); continue; }
      const full = { ...job, conversation: element.dataset.conversation, url: element.action };
      show(full);
      fail(full, "Not sent yet.");
    }
  }
  const grow = () => {
    if (CSS.supports("field-sizing", "content") || !box()) return;
    box().rows = Math.min(12, Math.max(1, box().value.split("\n").length + Math.floor(box().value.length / 80)));
  };

  // --- what is attached ---------------------------------------------------------------------------------------------
  const limits = () => JSON.parse(form().dataset.limits);
  const kindOf = (file) => {
    const rules = limits();
    for (const kind of ["image", "video", "audio"]) {
      if (rules[kind]?.types.includes(file.type.split(";")[0]) && file.size <= rules[kind].max) return kind;
    }
    return "document";
  };
  function attach(list) {
    for (const file of list) {
      const max = limits()[kindOf(file)]?.max || 0;
      if (file.size > max) carillon.toast(`${file.name} is too large: at most ${Math.floor(max / 1048576)} MB.`, { bad: true });
      else if (!file.size) carillon.toast(`${file.name} is empty.`, { bad: true });
      else files.push(file);
    }
    chips();
  }
  function chips() {
    const list = document.getElementById("composer-files");
    list.replaceChildren(...files.map((file, index) => {
      const chip = document.createElement("li");
      chip.className = "composer__chip";
      if (file.type.startsWith("image/")) {
        const thumb = Object.assign(new Image(32, 32), { className: "composer__thumb", alt: "", src: URL.createObjectURL(file) });
        thumb.onload = () => URL.revokeObjectURL(thumb.src);
        chip.append(thumb);
      }
      const name = Object.assign(document.createElement("span"), { className: "clip", textContent: file.name, dir: "auto" });
      const drop = Object.assign(document.createElement("button"), { type: "button", className: "button button--quiet button--small", textContent: "Remove", ariaLabel: `Remove ${file.name}` });
      drop.addEventListener("click", () => { files.splice(index, 1); chips(); box().focus(); });
      chip.append(name, drop);
      return chip;
    }));
  }

  // --- sending ------------------------------------------------------------------------------------------------------
  function submit() {
    const text = box().value.trim();
    if (!text && !files.length) return box().focus();
    const element = form();
    const base = { conversation: element.dataset.conversation, url: element.action };
    // One file is one message; the text goes with the first as its caption.
    const parts = files.length ? files.map((file, i) => ({ file, text: i ? "" : text })) : [{ text }];
    parts[0].quote = carillon.quote.take();
    for (const part of parts) enqueue({ ...base, ...part, cid: crypto.randomUUID() });
    files = [];
    chips();
    box().value = "";
    saveDraft();
    grow();
    box().focus();
  }
  function enqueue(job) {
    jobs.set(job.cid, job);
    remember(job);
    show(job);
    chain = chain.then(() => post(job));
  }
  function show(job) {
    jobs.set(job.cid, job);
    const bubble = document.getElementById("tpl-pending").content.firstElementChild.cloneNode(true);
    bubble.dataset.cid = job.cid;
    bubble.dataset.key = `9${String(Date.now()).padStart(14, "0")}${String(sequence++).padStart(6, "0")}`;
    const text = bubble.querySelector(".bubble__text");
    text.textContent = job.text;
    text.hidden = !job.text;
    if (job.quote) bubble.prepend(carillon.quote.draw(job.quote));
    if (job.file) {
      const picture = job.file.type.startsWith("image/") && Object.assign(new Image(), { className: "media__picture", alt: job.file.name, src: URL.createObjectURL(job.file) });
      const media = Object.assign(document.createElement("div"), { className: picture ? "media media--sight" : "media media--file" });
      media.append(picture || job.file.name);
      text.before(media);
      bubble.querySelector("progress").hidden = false;
    }
    items().append(bubble);
    document.getElementById("log").scrollTop = 0;
  }
  const bubbleOf = (job) => document.querySelector(`[data-cid="${job.cid}"]`);

  const post = (job) => new Promise((done) => {
    const data = new FormData();
    const fields = { conversation: job.conversation, cid: job.cid, text: job.text, reply_to: job.quote?.id || "", seen: document.getElementById("cursor")?.value || "", anyway: job.anyway ? "yes" : "" };
    for (const [name, value] of Object.entries(fields)) data.append(name, value);
    if (job.file) data.append("file", job.file, job.file.name);
    const xhr = new XMLHttpRequest();
    xhr.open("POST", job.url);
    xhr.timeout = job.file ? 300000 : 15000;
    xhr.setRequestHeader("X-CSRFToken", carillon.csrf());
    xhr.setRequestHeader("HX-Request", "true");
    xhr.upload.onprogress = (event) => {
      const bar = bubbleOf(job)?.querySelector("progress");
      if (bar && event.lengthComputable) bar.value = (event.loaded / event.total) * 100;
    };
    xhr.onloadend = () => {
      settle(job, xhr);
      done();
    };
    xhr.send(data);
  });
  function settle(job, xhr) {
    if (xhr.status === 200) {
      forget(job);
      jobs.delete(job.cid);
      if (document.querySelector("[data-conversation]")?.dataset.conversation === job.conversation) htmx.swap(document.body, xhr.responseText, { swapStyle: "none" });
      return;
    }
    if (xhr.status === 401) document.dispatchEvent(new CustomEvent("auth-expired"));
    let said = {};
    try { said = JSON.parse(xhr.responseText); } catch { /* an error page */ }
    fail(job, said.text || (xhr.status === 401 ? "You were signed out." : carillon.problem(xhr.status)), said.conflict);
    // The window may have closed or the channel gone away: let the thread look.
    if (xhr.status === 422) document.dispatchEvent(new CustomEvent(`live:conv-${job.conversation}`));
  }
  function fail(job, reason, conflict) {
    const bubble = bubbleOf(job);
    if (!bubble) return carillon.toast(`A message was not sent: ${reason}`, { bad: true });
    job.anyway = conflict;
    const problem = bubble.querySelector(".bubble__problem");
    problem.hidden = false;
    problem.querySelector("[data-text]").textContent = reason;
    problem.querySelector("[data-act=send-again]").textContent = conflict ? "Send anyway" : "Retry";
    problem.querySelector("[data-act=send-copy]").hidden = !job.text;
    bubble.classList.add("bubble--failed");
    bubble.querySelector(".bubble__meta").hidden = true;
    bubble.querySelector("progress").hidden = true;
    carillon.say(`Not sent: ${reason}`, { urgent: true });
  }
  const jobOf = (element) => jobs.get(element.closest("[data-cid]").dataset.cid);
  Object.assign(carillon.actions, {
    "send-again"(element) {
      const job = jobOf(element);
      const bubble = bubbleOf(job);
      bubble.querySelector(".bubble__problem").hidden = true;
      bubble.querySelector(".bubble__meta").hidden = false;
      bubble.classList.remove("bubble--failed");
      chain = chain.then(() => post(job));
    },
    async "send-copy"(element) {
      await navigator.clipboard.writeText(jobOf(element).text);
      carillon.toast("Copied", { seconds: 3 });
    },
    "send-drop"(element) {
      const job = jobOf(element);
      forget(job);
      jobs.delete(job.cid);
      bubbleOf(job).remove();
      box()?.focus();
    },
    async "copy-draft"(element) {
      await navigator.clipboard.writeText(store.getItem(draftKey(element.dataset.conversation)) || "");
      carillon.toast("Draft copied", { seconds: 3 });
    },
  });

  // --- a voice note: only where the browser records a type the channel takes -------------------------------------------
  const voiceType = () => window.MediaRecorder && navigator.mediaDevices &&
    ["audio/ogg;codecs=opus", "audio/mp4;codecs=mp4a.40.2"].find((type) => MediaRecorder.isTypeSupported(type));
  let recorder = null, ticking = 0;
  const recording = (on) => {
    document.getElementById("recording").hidden = !on;
    form().querySelector("[data-act=record]").hidden = on;
    if (!on) { clearInterval(ticking); recorder?.stream.getTracks().forEach((track) => track.stop()); recorder = null; }
  };
  Object.assign(carillon.actions, {
    async record() {
      try {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        recorder = new MediaRecorder(stream, { mimeType: voiceType() });
      } catch {
        return carillon.toast("The microphone is not available.", { bad: true });
      }
      const pieces = [], mine = recorder, began = Date.now();
      mine.ondataavailable = (event) => pieces.push(event.data);
      mine.onstop = () => {
        const type = mine.mimeType.split(";")[0];
        if (mine.wanted) { attach([new File(pieces, `voice.${type === "audio/ogg" ? "ogg" : "m4a"}`, { type })]); submit(); }
        recording(false);
      };
      mine.start();
      recording(true);
      ticking = setInterval(() => {
        const seconds = Math.floor((Date.now() - began) / 1000);
        document.querySelector("#recording [data-text]").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      }, 500);
    },
    "record-done"() { recorder.wanted = true; recorder.stop(); },
    "record-cancel"() { recorder.stop(); },
  });

  // --- events -------------------------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    if (event.target !== form()) return;
    event.preventDefault();
    submit();
  });
  document.addEventListener("input", (event) => {
    if (event.target !== box()) return;
    saveDraft();
    grow();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target === box() && event.key === "Escape" && carillon.quote.id) {
      carillon.quote.clear();
      return event.stopImmediatePropagation(); // the next Escape leaves the box
    }
    if (event.target !== box() || event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    if (matchMedia("(pointer: coarse)").matches && !event.ctrlKey && !event.metaKey) return; // on phones Enter starts a line
    event.preventDefault();
    submit();
    if (event.ctrlKey || event.metaKey) chain.then(() => document.querySelector("[data-key=resolve]")?.click());
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "composer-file") return;
    attach(event.target.files);
    event.target.value = "";
    box().focus();
  });
  document.addEventListener("paste", (event) => {
    if (event.target !== box() || !event.clipboardData.files.length) return;
    event.preventDefault();
    attach(event.clipboardData.files);
  });
  const thread = () => document.getElementById("thread");
  const carries = (event) => form() && thread().contains(event.target) && event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    form().classList.add("composer--drop");
  });
  document.addEventListener("dragleave", () => form()?.classList.remove("composer--drop"));
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    form().classList.remove("composer--drop");
    attach(event.dataTransfer.files);
    box().focus();
  });
  document.addEventListener("htmx:load", setUp);
  setUp();
})();
