// What this adds, works without it too: suggestions in the search box, a key for it, and word of new changes.
"use strict";

const box = document.getElementById("q");
const suggestions = document.getElementById("suggestions");

document.addEventListener("keydown", event => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    box.focus();
  }
});

let waiting;
box?.addEventListener("input", () => {
  clearTimeout(waiting);
  const prefix = box.value.trim();
  if (prefix.length < 2) return;
  waiting = setTimeout(async () => {
    const response = await fetch(`/v1/entities?limit=8&prefix=${encodeURIComponent(prefix)}`);
    if (!response.ok || box.value.trim() !== prefix) return;
    const { entities } = await response.json();
    suggestions.replaceChildren(...entities.map(entity => {
      const option = document.createElement("option");
      option.value = entity.name;
      option.label = `${entity.type}, ${entity.articles} ${entity.articles === 1 ? "article" : "articles"}`;
      return option;
    }));
  }, 200);
});

const live = document.querySelector(".live");
if (live) {
  (async () => {
    let next = "/v1/changes?since=now";
    for (;;) {
      const response = await fetch(`${next}&wait=20`).catch(() => null);
      if (!response?.ok) {
        await new Promise(later => setTimeout(later, 10_000));
        continue;
      }
      const { changes, next: onward } = await response.json();
      next = onward;
      if (changes.length > 0) {
        live.hidden = false;
        return;
      }
    }
  })();
}
