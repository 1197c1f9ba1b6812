// One event stream per browser and workspace, however many tabs: a Web Lock elects the tab that holds it, the others
// hear it over a BroadcastChannel. A signal only names what changed; panes fetch their own news.
(() => {
  "use strict";
  const app = document.getElementById("app");
  const url = app?.dataset.live;
  if (!url) return;
  const SILENCE = 45000; // the server beats every 15 s; iOS kills streams without telling
  const GRACE = 10000; // a reconnect shorter than this is nobody's business
  const POLL = 15000;
  const pill = document.getElementById("connection");
  const relay = window.BroadcastChannel ? new BroadcastChannel(`live:${url}`) : null;
  let source = null, heard = Date.now(), retryIn = 1000, downSince = 0, pollTimer = 0;

  const tell = (name, data) => document.dispatchEvent(new CustomEvent(`live:${name}`, { detail: { data } }));
  // The document hears every signal by its name, and "live" with the name inside for those who follow many.
  const emit = ({ n, d }) => {
    heard = Date.now();
    if (n === "ping") return;
    if (n === "up" || n === "down") return state(n === "up");
    if (n === "auth") return document.dispatchEvent(new CustomEvent("auth-expired"));
    tell(n, d);
    document.dispatchEvent(new CustomEvent("live", { detail: { name: n, data: d } }));
  };
  const share = (signal) => { relay?.postMessage(signal); emit(signal); };
  if (relay) relay.onmessage = (event) => emit(event.data);

  function state(up) {
    if (up) {
      const wasDown = downSince;
      downSince = 0;
      clearInterval(pollTimer);
      pollTimer = 0;
      pill.hidden = true;
      if (wasDown) tell("up");
      app.dataset.connected = "yes";
    } else if (!downSince) {
      downSince = Date.now();
      delete app.dataset.connected;
      setTimeout(() => {
        if (!downSince || pollTimer) return;
        pill.hidden = false;
        tell("up"); // what was missed so far
        pollTimer = setInterval(() => tell("up"), POLL);
      }, GRACE);
    }
  }

  function connect() {
    source?.close();
    const es = (source = new EventSource(url, { withCredentials: true }));
    es.onopen = () => { retryIn = 1000; share({ n: "up" }); };
    es.onmessage = (event) => {
      try { share(JSON.parse(event.data)); } catch { /* a line that is not ours */ }
    };
    es.onerror = () => {
      share({ n: "down" });
      if (es.readyState !== EventSource.CLOSED) return; // the browser itself tries again
      setTimeout(() => source === es && connect(), retryIn + Math.random() * 1000);
      retryIn = Math.min(retryIn * 2, 30000);
    };
  }

  function elect(steal) {
    if (!navigator.locks || !relay) return connect();
    navigator.locks.request(`live:${url}`, steal ? { steal: true } : {}, () => new Promise(() => connect()))
      .catch(() => { source?.close(); source = null; elect(false); }); // another tab took over: queue behind it
  }
  elect(false);

  setInterval(() => {
    if (document.hidden || Date.now() - heard < SILENCE) return;
    heard = Date.now();
    if (source) connect();
    else elect(true);
  }, 5000);

  // A hidden tab fetches nothing; when it comes back it catches up once.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.closest?.("[data-live]")) {
      event.preventDefault();
      missed = true;
    }
  });
  let missed = false;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !missed) return;
    missed = false;
    tell("up");
  });
  document.addEventListener("live", () => { if (document.hidden) missed = true; });
  window.addEventListener("online", () => source && source.readyState === EventSource.CLOSED && connect());
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => { if (event.persisted) { elect(false); tell("up"); } });
})();
