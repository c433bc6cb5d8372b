"use strict";
(() => {
  const tip = document.getElementById("tip");
  const filter = document.getElementById("class-filter");

  const show = (event) => {
    const mark = event.target.closest && event.target.closest("[data-tip], [data-score]");
    if (!mark) {
      tip.hidden = true;
      return;
    }
    tip.textContent = mark.dataset.tip || `${mark.dataset.score} for ${mark.closest("[data-for]").dataset.for}`;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const x = Math.min(event.clientX + 14, window.innerWidth - box.width - 6);
    const above = event.clientY - box.height - 12;
    tip.style.left = Math.max(6, x) + "px";
    tip.style.top = (above > 4 ? above : event.clientY + 18) + "px";
  };
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });

  // What carries numbers of classes in data-only is there for these classes alone, in data-any for all
  // together, too; in data-class or
  // data-other, it steps back while another class is chosen.
  const choose = () => {
    const chosen = filter.value;
    document.body.classList.toggle("filtered", chosen !== "");
    for (const part of document.querySelectorAll("[data-only]")) {
      part.hidden = chosen === "" || !part.dataset.only.split(" ").includes(chosen);
    }
    for (const part of document.querySelectorAll("[data-any]")) {
      part.hidden = chosen !== "" && !part.dataset.any.split(" ").includes(chosen);
    }
    for (const mark of document.querySelectorAll("[data-class]")) {
      const mine = mark.dataset.class === chosen || mark.dataset.other === chosen;
      mark.classList.toggle("back", chosen !== "" && !mine);
    }
    for (const note of document.querySelectorAll("[data-empty]")) {
      const list = document.getElementById(note.dataset.empty);
      note.hidden = [...list.children].some((child) => !child.hidden);
    }
  };
  if (filter) {
    filter.addEventListener("change", choose);
    choose();
  }
})();
