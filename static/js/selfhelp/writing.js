/* Whoever goes away from a text that is not saved is asked first; whoever leaves quickly never is. */

const forms = [...document.querySelectorAll("form[data-writing]")];
let leaving = false;
let sending = null;

const differs = (field) =>
  field.type === "radio" || field.type === "checkbox"
    ? field.checked !== field.defaultChecked
    : field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;
const isUnsaved = (form) => "unsaved" in form.dataset || [...form.elements].some(differs);

for (const form of forms) {
  form.addEventListener("input", () => {
    const told = form.querySelector(".not-yet");
    if (told) told.hidden = !isUnsaved(form);
  });
  form.addEventListener("submit", (event) => {
    // The buttons beside a field send forms of their own.
    if (event.target === form) sending = form;
  });
}
addEventListener("quick-exit", () => { leaving = true; });
addEventListener("pageshow", () => { sending = null; });
addEventListener("beforeunload", (event) => {
  if (!leaving && forms.some((form) => form !== sending && isUnsaved(form))) event.preventDefault();
});
