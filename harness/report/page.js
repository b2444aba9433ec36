"use strict";
// Without scripts the page still holds everything: cases are native <details>, and their responses stand at its end.
(() => {
  const root = document.documentElement;
  const cases = [...document.querySelectorAll("details.case")];
  const filters = document.getElementById("filters");
  root.classList.add("scripted");

  function showResponses(holder) {
    const source = holder && document.getElementById(holder.dataset.from);
    if (!source || holder.querySelector(".pairs")) return;
    // Nodes are copied, text is never parsed again.
    holder.querySelector("p").append(openAll(holder));
    holder.append(source.querySelector(".pairs").cloneNode(true));
  }

  function openAll(holder) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Open all pairs";
    button.addEventListener("click", () => {
      const open = button.textContent === "Open all pairs";
      for (const pair of holder.querySelectorAll("details.pair")) pair.open = open;
      button.textContent = open ? "Close all pairs" : "Open all pairs";
    });
    return button;
  }

  function openTarget() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.matches("details.case")) {
      if (target.hidden) filters.reset();
      target.open = true;
    }
    if (target.matches("details.group")) target.open = true;
    target.scrollIntoView();
  }

  function filterCases() {
    const chosen = Object.fromEntries(new FormData(filters));
    for (const one of cases) one.hidden = Object.entries(chosen).some(([name, value]) => value && one.dataset[name] !== value);
    root.classList.toggle("only-flips", chosen.flips === "yes");
    const shown = cases.filter((one) => !one.hidden).length;
    document.getElementById("shown").textContent = `${shown} of ${cases.length} cases`;
  }

  async function copy(button) {
    const text = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      // A page from disk may be denied the clipboard: then the command is selected.
      getSelection().selectAllChildren(text);
      button.textContent = "Selected";
    }
  }

  for (const one of cases) one.addEventListener("toggle", () => one.open && showResponses(one.querySelector(".responses")));
  for (const button of document.querySelectorAll("button.copy")) button.addEventListener("click", () => copy(button));
  if (filters) {
    filters.addEventListener("change", filterCases);
    filters.addEventListener("reset", () => setTimeout(filterCases));
  }
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
  addEventListener("hashchange", openTarget);
  openTarget();
})();
