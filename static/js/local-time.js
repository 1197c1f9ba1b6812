// The server writes times in the zone it knows. A first visit tells it ours, and rewrites what it guessed wrong.
(() => {
  "use strict";
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  const root = document.documentElement;
  if (document.cookie.split("; ").includes(`zone=${encodeURIComponent(zone)}`) || !root.hasAttribute("data-zone")) return;
  document.cookie = `zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
  if (root.dataset.zone === zone || root.dataset.zoneFixed) return;
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  const rewrite = (scope) => {
    for (const time of scope.querySelectorAll("time[data-clock], .row__time")) {
      if (/^\d\d:\d\d$/.test(time.textContent)) time.textContent = clock.format(new Date(time.dateTime));
    }
  };
  rewrite(document);
})();
