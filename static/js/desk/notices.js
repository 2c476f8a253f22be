// Bars under the header: what happened, and one thing to do about it.
import { byId, piece, setText, show } from './dom.js';
import { onTick } from './link.js';

const notices = new Map();

/**
 * Shows a bar. One `key` has one bar: a newer one replaces it. `kind` is danger, waiting, good or
 * plain; `seconds` takes a bar away that asks for nothing; `action` is {text, run};
 * `closed` is told when somebody closes it. Returns the bar.
 */
export function notice(key, text, { kind = 'plain', seconds = 0, action = null, closed = () => {} } = {}) {
  dismiss(key);
  const bar = piece('notice');
  bar.classList.add(kind);
  setText(bar.parts.text, text);
  if (action) {
    setText(bar.parts.action, action.text);
    show(bar.parts.action, true);
    bar.parts.action.addEventListener('click', () => {
      dismiss(key);
      action.run();
    });
  }
  bar.parts.close.addEventListener('click', () => {
    dismiss(key);
    closed();
  });
  byId('notice-list').append(bar);
  notices.set(key, { bar, until: seconds ? Date.now() + seconds * 1000 : Infinity });
  return bar;
}

/** Takes a bar away. */
export function dismiss(key) {
  notices.get(key)?.bar.remove();
  notices.delete(key);
}

/** Takes away every bar whose key begins like this. */
export function dismissAll(beginning) {
  for (const key of [...notices.keys()]) if (key.startsWith(beginning)) dismiss(key);
}

/** Starts taking away bars whose time is over; one that is being used stays. */
export function startNotices() {
  onTick(() => {
    for (const [key, { bar, until }] of notices) {
      if (Date.now() > until && !bar.contains(document.activeElement) && !bar.matches(':hover')) dismiss(key);
    }
  });
}
