// Voice notes: play, position and speed in place of the browser's own bar, which offers no speed on most of them.
(() => {
  "use strict";
  const SPEEDS = [1, 1.5, 2];
  const template = document.getElementById("tpl-player");
  const clock = (seconds) => (Number.isFinite(seconds) ? `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}` : "0:00");

  function setUp(player) {
    if (!template || player.dataset.ready) return;
    player.dataset.ready = "yes";
    const audio = player.querySelector("audio");
    audio.controls = false;
    audio.hidden = true;
    player.append(template.content.cloneNode(true));
    const key = player.querySelector(".player__key"), line = player.querySelector(".player__line");
    const time = player.querySelector(".player__time"), speed = player.querySelector(".player__speed");
    const use = key.querySelector("use"), sprite = use.getAttribute("href").split("#")[0];
    const state = () => {
      use.setAttribute("href", `${sprite}#${audio.paused ? "play" : "pause"}`);
      key.querySelector("span").textContent = audio.paused ? "Play" : "Pause";
    };
    key.addEventListener("click", () => {
      if (!audio.paused) return audio.pause();
      for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
      audio.play().catch(() => carillon.toast("This browser cannot play that recording. Download it instead.", { bad: true }));
    });
    for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, state);
    audio.addEventListener("timeupdate", () => {
      line.value = audio.duration ? (audio.currentTime / audio.duration) * 1000 : 0;
      time.textContent = clock(audio.currentTime || audio.duration);
      line.setAttribute("aria-valuetext", `${clock(audio.currentTime)} of ${clock(audio.duration)}`);
    });
    audio.addEventListener("loadedmetadata", () => { time.textContent = clock(audio.duration); });
    line.addEventListener("input", () => { if (audio.duration) audio.currentTime = (line.value / 1000) * audio.duration; });
    speed.addEventListener("click", () => {
      audio.playbackRate = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
      speed.textContent = `${audio.playbackRate}×`;
      speed.setAttribute("aria-label", `Speed ${audio.playbackRate}`);
    });
  }
  const all = () => document.querySelectorAll("[data-player]").forEach(setUp);
  for (const name of ["htmx:load", "carillon:upserted"]) document.addEventListener(name, all);
  all();
})();
