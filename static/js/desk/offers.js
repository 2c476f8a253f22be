// What rings: accept, pass, and where an offer went that is gone.
import { announce, byId, drawList, piece, setText, show, word } from './dom.js';
import { Refused, ask, onTick } from './link.js';
import { notice } from './notices.js';
import { activeChats, changed, onChange, places, state, wrapUpsOfChats } from './state.js';
import { countdown, serverNow, waits } from './time.js';
import { asLine, danger, place, problem, urgency } from './words.js';

const announced = new Set();
const busy = new Set();
let opened = () => {};
let refresh = () => {};

/** `open(chat, focus)` shows an accepted chat, `again()` asks the server for the whole picture. */
export function startOffers(open, again) {
  opened = open;
  refresh = again;
  onChange(draw);
  onTick(() => {
    for (const offer of state.offers.values()) {
      // The server says when an offer is gone; this is for when that word gets lost.
      if (serverNow() - Date.parse(offer.expires_at) > 5000) state.offers.delete(offer.chat);
    }
    draw();
  });
}

/** An offer as we keep it: since when they wait, by our own clock. */
export function keepOffer(offer) {
  state.offers.set(offer.chat, { ...offer, since: Date.now() - (offer.waited_s ?? 0) * 1000 });
}

/** An offer was pushed. */
export function offerPushed(offer) {
  keepOffer(offer);
  changed();
}

/** An offer is gone; only what the counsellor doesn't know yet is said. */
export function offerGone({ chat, why }) {
  const offer = state.offers.get(chat);
  state.offers.delete(chat);
  changed();
  if (why === 'accepted' && !busy.has(chat)) refresh(); // in another tab: the chat is ours here too
  if (offer && !busy.has(chat) && ['taken', 'expired', 'left', 'ended'].includes(why)) {
    notice(`offer ${chat}`, word(`offer-gone.${why}`, { name: offer.name ?? word('new-chat') }), { seconds: 12 });
  }
}

/** The offer that rings longest, or undefined. */
export function oldestOffer() {
  return [...state.offers.values()].find((offer) => !busy.has(offer.chat));
}

/** Accepts an offer, or pulls a chat from the queue; `focus` says whether to go there. */
export async function accept(chat, focus = true) {
  if (busy.has(chat)) return;
  busy.add(chat);
  changed();
  try {
    await ask('accept', { chat });
    state.offers.delete(chat);
    state.queue = state.queue.filter((item) => item.chat !== chat);
    await refresh();
    opened(chat, focus);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code !== 'no_answer') state.offers.delete(chat);
    notice(`offer ${chat}`, problem('accept', error.code), { kind: 'danger', seconds: 15 });
    refresh();
  } finally {
    busy.delete(chat);
    changed();
  }
}

/** Passes an offer on. */
export async function pass(chat) {
  if (busy.has(chat)) return;
  busy.add(chat);
  changed();
  try {
    await ask('decline', { chat });
    state.offers.delete(chat);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notice(`offer ${chat}`, problem('decline', error.code), { kind: 'danger', seconds: 15 });
    if (error.code !== 'no_answer') refresh();
  } finally {
    busy.delete(chat);
    changed();
  }
}

/** Whether the answer to any offer is under way. */
export function answering() {
  return busy.size > 0;
}

/** Whether an answer to this chat is under way. */
export function isBusy(chat) {
  return busy.has(chat);
}

function make(offer) {
  const element = piece('offer');
  element.parts.accept.addEventListener('click', () => accept(offer.chat));
  element.parts.pass.addEventListener('click', () => pass(offer.chat));
  element.length_ms = Math.max(1000, Date.parse(offer.expires_at) - serverNow());
  return element;
}

function fill(element, offer) {
  const { title, left, time, accept: yes, pass: no } = element.parts;
  const seconds = (Date.parse(offer.expires_at) - serverNow()) / 1000;
  setText(title, offer.name ?? word('new-chat'));
  setText(left, countdown(seconds));
  setText(element.parts.facts, asLine(urgency(offer)));
  setText(element.parts.more, asLine([...place(offer), waits((Date.now() - offer.since) / 1000)]));
  time.value = Math.max(0, Math.min(100, (seconds * 100000) / element.length_ms));
  element.classList.toggle('acute', danger(offer) === 'yes');
  element.classList.toggle('alarming', danger(offer) !== 'no');
  yes.disabled = no.disabled = busy.has(offer.chat) || !state.online;
  const first = oldestOffer() === offer;
  show(element.parts['accept-key'], first);
  show(element.parts['pass-key'], first);
  if (first) yes.setAttribute('aria-keyshortcuts', 'Alt+A A');
  if (first) no.setAttribute('aria-keyshortcuts', 'Alt+D D');
}

/** Why nothing rings for somebody who is available. */
function whyQuiet() {
  if (!state.online) return 'offline';
  const active = activeChats();
  if (active.some((chat) => danger(chat) === 'yes')) return 'acute';
  if (active.length >= state.duty.capacity) return 'full';
  return active.length >= places() ? 'wrap-ups' : 'ready';
}

function draw() {
  const offers = [...state.offers.values()];
  for (const offer of offers) {
    if (announced.has(offer.chat + offer.expires_at)) continue;
    announced.add(offer.chat + offer.expires_at);
    announce(word('rings', { facts: [...urgency(offer), ...place(offer)].join(', ') }), true);
  }
  drawList(byId('offer-list'), offers, (offer) => offer.chat + offer.expires_at, make, fill);
  // Whoever is available keeps a place for what rings, so that nothing moves under the hands when it does.
  show(byId('offers'), offers.length > 0 || (state.everOnline && state.duty.state === 'available'));
  byId('offers').classList.toggle('ringing', offers.length > 0);
  const why = offers.length ? '' : whyQuiet();
  setText(byId('offers-empty'), why && word(`rings-none.${why}`, { n: wrapUpsOfChats() }));
  show(byId('offers-wrap-place'), why === 'wrap-ups');
  // Without a line no button in it can be focused; then it is scrolled by keyboard itself.
  byId('offers').tabIndex = offers.length && !state.online ? 0 : -1;
}
