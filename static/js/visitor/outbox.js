// Texts that are not acknowledged yet. They live in this tab alone, survive a reload, and go when they are stored, when
// the chat ends, and with a quick exit.

const PLACE = 'unsent';

function kept() {
  try { return JSON.parse(sessionStorage.getItem(PLACE)) ?? []; } catch { return []; }
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

// After a quick exit nothing may be written back.
window.addEventListener('quick-exit', () => { items = []; });

/** Takes a text in; returns it with its id, which makes sending it twice harmless. */
export function add(body) {
  const item = { client_id: newId(), body };
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
