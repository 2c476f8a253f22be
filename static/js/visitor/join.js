// The join form: what an earlier chat left unsent must not get into a new one, and pressing twice joins once.

const form = document.querySelector('form[data-join]');

document.getElementById('summary')?.focus();

let sent = false;
form?.addEventListener('submit', (event) => {
  if (sent) {
    event.preventDefault();
    return;
  }
  sent = true;
  try { sessionStorage.removeItem('unsent'); } catch { /* storage may be switched off */ }
});
window.addEventListener('pageshow', () => { sent = false; });
