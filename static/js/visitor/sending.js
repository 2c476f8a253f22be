// Sends what the outbox holds, one text at a time, so that they stay in order.
import * as log from './log.js';
import * as outbox from './outbox.js';
import { NoAnswer, ask, dropSocket, wayNow } from './link.js';
import { putBack } from './composer.js';
import { showNotice } from './panels.js';
import { word } from './words.js';

const AGAIN_MS = 3000;
const SLOWER_MS = 2000;

let busy = false;
let again;
let holdUntil = 0;
let on = {};

/** `handlers`: sync() asks for what is new, over() says whether the chat has ended. */
export function start(handlers) {
  on = handlers;
  for (const item of outbox.unsent()) log.showPending(item);
}

/** Takes a text from the visitor. */
export function send(body) {
  log.showPending(outbox.add(body));
  flush();
}

/** Sends what waits. */
export async function flush() {
  if (busy || on.over() || wayNow() === 'none' || Date.now() < holdUntil) return;
  busy = true;
  clearTimeout(again);
  try {
    for (let item = outbox.unsent()[0]; item && !on.over(); item = outbox.unsent()[0]) {
      const wait = await sendOne(item);
      if (wait) {
        again = setTimeout(flush, wait);
        break;
      }
    }
  } finally {
    busy = false;
  }
}

/** Sends one text; returns after how many milliseconds to go on, 0 for at once. */
async function sendOne(item) {
  let answer;
  try {
    answer = await ask('say', item);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    dropSocket(); // a socket that swallows a text is worth nothing
    return AGAIN_MS;
  }
  if (answer?.ok) {
    stored(item, answer.seq);
    return 0;
  }
  return refused(item, answer?.error);
}

function stored(item, seq) {
  outbox.drop(item.client_id);
  log.showStored(item.client_id);
  const message = { seq, client_id: item.client_id, author: 'visitor', body: item.body, sent_at: new Date().toISOString() };
  if (!log.take(message)) on.sync();
}

function refused(item, code) {
  if (code === 'rate_limited') {
    showNotice(word('slow_down'), '', SLOWER_MS * 2);
    holdUntil = Date.now() + SLOWER_MS - 100;
    return SLOWER_MS;
  }
  if (code === 'too_long' || code === 'invalid') {
    outbox.drop(item.client_id);
    log.showRefused(item.client_id, word('refused'), () => putBack(item.body));
    return 0;
  }
  // Ended, no longer ours, or not stored just now: the server says which.
  if (code !== 'unavailable') on.sync();
  return AGAIN_MS;
}

/** The chat is over: what waits is not sent any more, and says so. */
export function giveUp() {
  clearTimeout(again);
  for (const item of outbox.unsent()) log.showRefused(item.client_id, word('unsent'));
  outbox.clear();
}
