// The script of the set-up page: copy buttons, answers in place, the live line. Everything works
// without it. It makes no style and no markup of its own; what it shows the server wrote.
#pragma once

#include <string_view>

namespace posthaste::web {

inline constexpr std::string_view kSetupScript = R"js("use strict";
(() => {
  const words = document.body.dataset;

  // Copy buttons.
  const show = (root) => root.querySelectorAll("button[data-copy]").forEach((b) => { b.hidden = false; });
  const byHand = (text) => {
    const area = document.createElement("textarea");
    area.className = "hidden";
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      if (!byHand(button.dataset.copy)) return;
      button.focus();
    }
    const before = button.dataset.words || button.textContent;
    button.dataset.words = before;
    button.textContent = words.copied;
    said.textContent = words.copied;
    clearTimeout(button.timer);
    button.timer = setTimeout(() => { button.textContent = before; said.textContent = ""; }, 2000);
  };
  const said = document.createElement("div");
  said.className = "hidden";
  said.setAttribute("role", "status");
  document.body.append(said);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy]");
    if (button) copy(button);
  });
  show(document);

  // The answer to an error, in place.
  const box = document.querySelector("form[data-answers]");
  if (box) box.addEventListener("submit", async (event) => {
    event.preventDefault();
    const address = new URL(box.action);
    address.search = new URLSearchParams(new FormData(box));
    try {
      const got = await fetch(address.pathname + address.search, { signal: AbortSignal.timeout(15000) });
      if (!got.ok) throw new Error();
      const there = new DOMParser().parseFromString(await got.text(), "text/html").getElementById("answer");
      document.getElementById("answer").replaceChildren(...there.childNodes);
    } catch {
      box.submit();
    }
  });

  // The live line.
  const live = document.querySelector("[data-live]");
  if (!live) return;
  const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  let since = performance.now();
  const ages = () => live.querySelectorAll("[data-age]").forEach((span) => {
    const seconds = Math.floor(Number(span.dataset.age) + (performance.now() - since) / 1000);
    if (seconds < 1 || seconds > 86400) return;
    const [count, unit] = seconds < 60 ? [seconds, "second"] : seconds < 3600 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
    const text = relative.format(-Math.floor(count), unit);
    if (span.textContent !== text) span.textContent = text;
  });
  setInterval(ages, 1000);

  // Only parts that differ are put in, so that what has the focus keeps it.
  const put = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-live], .live");
    if (!fresh) return false;
    since = performance.now();
    const focused = document.activeElement && live.contains(document.activeElement) ? document.activeElement.id : "";
    for (const id of ["live-line", "live-more"]) {
      const [to, from] = [document.getElementById(id), fresh.querySelector("#" + id)];
      to.className = from.className;
      to.replaceChildren(...from.childNodes);
    }
    if (focused) document.getElementById(focused)?.focus();
    live.dataset.version = fresh.dataset.version;
    if (!fresh.dataset.live) delete live.dataset.live;
    show(live);
    return true;
  };
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const lost = (is) => { live.querySelector(".lost").textContent = is ? words.lost : ""; };
  const watch = async () => {
    const end = performance.now() + 2 * 3600 * 1000;
    let wait = 1000;
    while (live.dataset.live && performance.now() < end) {
      try {
        const got = await fetch(live.dataset.live + "seen=" + live.dataset.version, { signal: AbortSignal.timeout(45000) });
        if (got.status === 404) return location.reload();
        if (got.status !== 200 && got.status !== 204) throw new Error();
        lost(false);
        wait = 1000;
        if (got.status === 200 && !put(await got.text())) throw new Error();
      } catch {
        lost(true);
        await pause(wait + Math.random() * 1000);
        wait = Math.min(wait * 2, 8000);
      }
    }
  };
  watch();
})();
)js";

}  // namespace posthaste::web
