/* A button that prints, where the browser can. Without scripts its menu does. What is ticked to stay off the paper is
   marked here too: not every browser's styles can ask for it. */

const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());

const boxes = (part) => [...part.querySelectorAll("[name=out]")];
const parts = [...document.querySelectorAll(".plan-item, .sheet-part")].filter((part) => boxes(part).length);
const mark = () => parts.forEach((part) => part.classList.toggle("off", boxes(part).every((box) => box.checked)));
addEventListener("change", mark);
addEventListener("pageshow", mark);
