// Texts on their way: kept on this page until the server says 'stored', resent with the same id.
import { announce, word } from './dom.js';
import { Refused, ask } from './link.js';
import { keep, kept } from './keep.js';
import { changed, onChange, state } from './state.js';
import { serverNow } from './time.js';
import { onStored, storedText } from './thread.js';

// What may be different the next time; any other refusal is final and the text goes back.
const PASSING = new Set(['no_answer', 'unavailable', 'rate_limited']);
const PAUSE_MS = 3000;

let items = [];
const sending = new Set(); // 'chat stream': one text at a time keeps their order

/** Takes back what a reload interrupted and starts sending whenever the line is there. */
export function startOutbox() {
  items = kept('outbox', []).map((item) => ({ ...item, state: item.state === 'refused' ? 'refused' : 'kept' }));
  onStored((id) => remove(id));
  let online = false;
  onChange(() => {
    if (state.online && !online) flush();
    online = state.online;
  });
}

/** Random id of a text: what makes sending it twice harmless. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Accepts a text for sending. */
export function send({ chat, name, line }, stream, body) {
  items.push({
    client_id: newId(), chat, name, line, stream, body, at: serverNow(), state: 'sending', error: null,
  });
  store();
  flush();
}

/** Texts of a chat that are not stored yet, oldest first. */
export function unsent(chat) {
  return items.filter((item) => item.chat === chat);
}

/** The chats that have unsent texts, as {chat, name, line}. */
export function chatsWithUnsent() {
  return items.map(({ chat, name, line }) => ({ chat, name, line }));
}

/** Whether a text is on its way anywhere. */
export function anyUnsent() {
  return items.length > 0;
}

/** Throws a text away; returns it. */
export function remove(id) {
  const found = items.find((item) => item.client_id === id);
  if (!found) return null;
  items = items.filter((item) => item !== found);
  store();
  return found;
}

function store() {
  keep('outbox', items);
  changed();
}

/** Sends a refused text once more, as it is and with the same id; `allow`: a supervisor's own, whatever stands in it. */
export function again(id, allow = false) {
  const item = items.find((one) => one.client_id === id);
  if (!item) return;
  Object.assign(item, { state: 'sending', error: null, found: [], allow });
  store();
  flush();
}

/** A text that was asked for is kept here like one that was typed here. */
export function adopt({ chat, name, line }, { asked, body, found, asked_at: at }) {
  if (items.some((item) => item.chat === chat && item.stream === 'talk' && item.body === body)) return;
  items.push({
    client_id: newId(), chat, name, line, stream: 'talk', body, at: Date.parse(at), state: 'refused', error: 'forbidden', found, asked,
  });
  store();
}

/** Drops those refused texts of which this page was only told. */
export function withdrawn(isGone) {
  const left = items.filter((item) => item.state !== 'refused' || !isGone(item));
  if (left.length === items.length) return;
  items = left;
  store();
}

/** Sends what waits, stream by stream. */
export function flush() {
  for (const item of items) {
    if (item.state !== 'refused') sendStream(item.chat, item.stream);
  }
}

async function sendStream(chat, stream) {
  const key = `${chat} ${stream}`;
  if (sending.has(key)) return;
  sending.add(key);
  try {
    for (;;) {
      const item = items.find((one) => one.chat === chat && one.stream === stream && one.state !== 'refused');
      if (!item || !(await sendOne(item))) return;
    }
  } finally {
    sending.delete(key);
  }
}

/** Sends one text; returns whether the next may follow. */
async function sendOne(item) {
  item.state = state.online ? 'sending' : 'kept';
  store();
  if (!state.online) return false;
  try {
    const { seq } = await ask('say', {
      chat: item.chat, stream: item.stream, client_id: item.client_id, body: item.body,
      ...(item.allow ? { allow: true } : {}),
    });
    storedText(item, seq);
    remove(item.client_id);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (!items.includes(item)) return true; // its push came before its answer
    if (PASSING.has(error.code)) {
      item.state = 'kept';
      setTimeout(flush, PAUSE_MS);
      store();
      return false;
    }
    item.state = 'refused';
    item.error = error.code;
    item.found = error.found;
    if (item.found.length) announce(word('held.found', { found: item.found.join(', ') }), true);
    store();
    return true;
  }
}
