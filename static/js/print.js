/* A button that prints, where the browser can. Without scripts its menu does. */

const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());
