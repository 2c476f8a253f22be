// The keyboard. Plain letters only outside of fields; Alt works everywhere.
import { byId, isField } from './dom.js';
import { habit, keepHabit } from './keep.js';
import { accept, answering, oldestOffer, pass } from './offers.js';
import { state } from './state.js';
import { toggleSummary } from './summary.js';
import { openNextWrapUp } from './wrap_up.js';

const SINGLE = 'single-keys';
const WRITING_MS = 1500;

let wrote = 0;

/** Wires the keys; `open(chat, focus)` shows a chat. */
export function startKeys(open) {
  const single = byId('single-keys');
  single.checked = habit(SINGLE, 'on') === 'on';
  single.addEventListener('change', () => keepHabit(SINGLE, single.checked ? 'on' : 'off'));
  byId('open-keys').addEventListener('click', () => byId('keys').showModal());

  document.addEventListener('keydown', (event) => {
    if (event.isComposing || event.defaultPrevented || event.repeat) return;
    // Whoever fills in a form chooses with letters and arrows: no plain key of the desk works there.
    const inField = isField(event.target) || Boolean(event.target.closest?.('#wrap-up'));
    // When a field goes away under the hands, the rest of the word must not accept a chat.
    if (event.key === 'Escape') wrote = 0;
    else if (inField) wrote = Date.now();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && event.target === byId('body')) {
      event.preventDefault();
      byId('composer').requestSubmit();
    } else if (event.key === 'Escape' && event.target === byId('body')) {
      event.preventDefault();
      byId('scroll').focus();
    } else if (event.altKey && !event.ctrlKey && !event.metaKey) {
      if (withAlt(event, inField, open)) event.preventDefault();
    } else if (!inField && !event.ctrlKey && !event.metaKey && single.checked && !byId('keys').open) {
      if (alone(event)) event.preventDefault();
    }
  });
}

/** The letter of a key: Alt may turn it into a sign, then the place on the keyboard counts. */
function letter(event) {
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  return event.code.startsWith('Key') ? event.code.slice(3).toLowerCase() : '';
}

function withAlt(event, inField, open) {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (digit) {
    const chat = [...state.chats.keys()][digit - 1];
    if (chat) open(chat, true);
    return true;
  }
  switch (letter(event)) {
    case 'a': return answerOffer((chat) => accept(chat, !inField));
    case 'd': return answerOffer(pass);
    case 'r':
      openNextWrapUp();
      return true;
    case 's':
      toggleSummary();
      return true;
    case 'n': {
      const ids = [...state.chats.keys()];
      const from = ids.indexOf(state.open);
      const next = [...ids.slice(from + 1), ...ids.slice(0, from + 1)].find((id) => state.chats.get(id).unread > 0);
      if (next) open(next, true);
      return true;
    }
    default: return false;
  }
}

function alone(event) {
  if (event.key === '?') {
    byId('keys').showModal();
    return true;
  }
  if (event.shiftKey || Date.now() - wrote < WRITING_MS) return false;
  if (event.key.toLowerCase() === 'a') return answerOffer((chat) => accept(chat));
  if (event.key.toLowerCase() === 'd') return answerOffer(pass);
  return false;
}

function answerOffer(answer) {
  const offer = oldestOffer();
  // A key pressed twice must not answer the next one too.
  if (offer && state.online && !answering()) answer(offer.chat);
  return Boolean(offer);
}
