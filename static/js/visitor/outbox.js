// Texts that are not acknowledged yet. They live in this tab alone, survive a reload, and go when they are stored, when
// the chat ends, and with a quick exit. Each belongs to the chat it was written in, by its mark: browsers copy what a tab
// keeps when the tab is duplicated, and by then another chat may have begun.

const PLACE = 'unsent';
const mark = document.getElementById('room').dataset.mark;

function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(PLACE)) ?? [];
    return found.filter((item) => item.mark === mark);
  } catch { return []; }
}

function newId() {
  // randomUUID is missing where the page did not come over TLS.
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

let items = kept();

function keep() {
  try {
    if (items.length) sessionStorage.setItem(PLACE, JSON.stringify(items));
    else sessionStorage.removeItem(PLACE);
  } catch { /* without storage they are kept on this page only */ }
}

// What belongs to another chat is gone from here.
keep();

// After a quick exit nothing may be written back.
window.addEventListener('quick-exit', () => { items = []; });

/** Takes a text in; returns it with its id, which makes sending it twice harmless. */
export function add(body) {
  const item = { client_id: newId(), body, mark };
  items.push(item);
  keep();
  return item;
}

/** The texts that wait, oldest first. */
export function unsent() {
  return [...items];
}

/** Lets a text go: it is stored, or it was refused. */
export function drop(clientId) {
  const before = items.length;
  items = items.filter((item) => item.client_id !== clientId);
  if (items.length !== before) keep();
}

/** Lets all texts go. */
export function clear() {
  items = [];
  keep();
}
