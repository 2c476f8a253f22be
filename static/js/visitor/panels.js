// What state the chat is in, in words: the place in the queue, who is there, how it ended.
import { toTop } from './log.js';
import { counted, word } from './words.js';

const $ = (id) => document.getElementById(id);
const room = $('room');
const TYPING_MS = 6000;

let typingTimer;
let noticeTimer;

function place(position) {
  const before = (position ?? 1) - 1;
  return before < 1 ? word('next') : counted('one_before', 'many_before', before);
}

function estimate(minutes) {
  if (minutes === null || minutes === undefined) return word('estimate_unknown');
  return minutes < 1 ? word('estimate_soon') : counted('estimate_one', 'estimate_many', minutes);
}

function put(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

// The number stands out from its sentence.
function putPlace(words) {
  if ($('place-words').textContent === words) return;
  $('place-words').replaceChildren(...words.split(/(\d+)/).map((part) => {
    if (!/\d/.test(part)) return part;
    const count = document.createElement('span');
    count.className = 'count';
    count.textContent = part;
    return count;
  }));
}

// Where the line takes letters; once it was offered it stays, though the estimate may get shorter.
function offerLetter(minutes) {
  const offer = $('long-wait');
  if (offer && (minutes ?? Infinity) >= Number(offer.dataset.from)) offer.hidden = false;
}

/** `waiting` for the visitor, though it may ring somewhere. */
export function phase(state) {
  return state === 'offered' ? 'waiting' : state;
}

/** Shows a state as the server tells it. */
export function showState({ state, position, wait_minutes: minutes, reason }) {
  const [before, now] = [phase(room.dataset.state), phase(state)];
  room.dataset.state = state;
  for (const name of ['waiting', 'active', 'ended']) $(`panel-${name}`).hidden = name !== now;
  for (const part of room.querySelectorAll('[data-when]')) part.hidden = !part.dataset.when.split(' ').includes(now);
  if (now === 'waiting') {
    putPlace(place(position));
    put('estimate-words', estimate(minutes));
    offerLetter(minutes);
  } else if (now === 'ended') {
    if (before === 'active') $('after-chat').hidden = false;
    room.dataset.reason = reason ?? 'finished';
    for (const part of room.querySelectorAll('.reason')) part.hidden = part.dataset.reason !== room.dataset.reason;
    $('foot').hidden = true;
    $('newer').hidden = true;
    showTyping(false);
    showNotice('');
  }
}

/** Everything of the chat goes; what is left says that it is no longer valid, and gives back what was not sent. */
export function showGone(rest) {
  $('rest').hidden = !rest;
  $('rest-text').value = rest;
  for (const part of room.querySelectorAll('.panel, .talk, .leave, .brought')) part.hidden = true;
  $('foot').hidden = true;
  $('panel-gone').hidden = false;
  focusHeading($('panel-gone'));
}

/** Moves to the heading of a panel that has just appeared. */
export function focusHeading(panel) {
  const heading = [...panel.querySelectorAll('h1')].find((item) => !item.closest('[hidden]'));
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  toTop();
}

/** The counsellor types; forgotten after a while should the end of it get lost. */
export function showTyping(on) {
  clearTimeout(typingTimer);
  put('typing', on ? word('typing') : '');
  if (on) typingTimer = setTimeout(() => put('typing', ''), TYPING_MS);
}

/** A line above the composer; kind is '', good or danger. It goes by itself after `milliseconds`. */
export function showNotice(text, kind = '', milliseconds = 0) {
  clearTimeout(noticeTimer);
  const notice = $('notice');
  notice.hidden = !text;
  notice.className = `notice ${kind}`;
  put('notice', text);
  if (text && milliseconds) noticeTimer = setTimeout(() => showNotice(''), milliseconds);
}

/** Says something to screen readers only. */
export function announce(text) {
  put('said', text);
}
