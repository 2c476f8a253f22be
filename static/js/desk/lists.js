// The left column: my chats, the queue, what waits for its wrap-up.
import { byId, drawList, piece, setText, show, word } from './dom.js';
import { onTick } from './link.js';
import { accept, isBusy } from './offers.js';
import { unsent } from './outbox.js';
import { activeChats, changed, onChange, places, state } from './state.js';
import { waitsForYes } from './summary.js';
import { markRead } from './thread.js';
import { ago, clock, clockWithDay, waited } from './time.js';
import { asLine, danger, otherLine, place, urgency } from './words.js';
import { openWrapUp } from './wrap_up.js';

const CUT_AT = 100; // the server sends no more; of a shorter list, what the board has more rings somewhere
const WRAP_UP_MS = 24 * 3600 * 1000;
const wide = matchMedia('(min-width: 720px)');
let open = () => {};

/** `openChat(id, focus)` shows a chat in the middle. */
export function startLists(openChat) {
  open = openChat;
  onChange(draw);
  let beat = 0;
  onTick(() => {
    beat += 1;
    if (beat % 10 === 0) draw();
  });
  wide.addEventListener('change', changed);
  for (const button of byId('views').querySelectorAll('[data-view]')) {
    button.addEventListener('click', () => {
      state.view = button.dataset.view;
      changed();
      queueMicrotask(markRead); // after the drawing that brings the texts into sight
    });
  }
}

/** Takes the queue from a push or from `resume`, with the moment from which each one waits. */
export function takeQueue(items) {
  state.queue = items.map((item) => ({ ...item, since: Date.now() - (item.waited_s ?? 0) * 1000 }));
  changed();
}

/** The text that came last in either stream, or undefined. */
function newest(chat) {
  const ends = [chat.talk.at(-1), chat.aside.at(-1)].filter(Boolean);
  return ends.sort((a, b) => Date.parse(a.sent_at) - Date.parse(b.sent_at)).at(-1);
}

function lastLine(chat) {
  if (chat.typingUntil > Date.now() && chat.fate === 'active') return word('types');
  const text = newest(chat);
  if (!text) return '';
  if (text.stream === 'aside') return `${word('only-staff')}: ${text.body}`;
  return text.author === 'visitor' ? text.body : `${word('you')}: ${text.body}`;
}

/** 'here' or 'gone' in words, or how it came to its end. */
export function chatState(chat) {
  if (chat.fate !== 'active') return word(`fate.${chat.fate}`);
  return word(`peer.${chat.peer}`);
}

/** What matters most about a chat in the list: its end, what is unsent, who is away, who waits for whom. */
function mattersMost(chat) {
  const waiting = unsent(chat.chat).length;
  if (chat.fate === 'active' && waiting) return word('unsent', { n: waiting });
  if (chat.fate !== 'active' || chat.peer === 'gone') return chatState(chat);
  if (chat.talk.at(-1)?.author === 'visitor') return word('answer-due');
  return waitsForYes(chat) ? word('summary.list') : chatState(chat);
}

function makeChat(chat) {
  const element = piece('chat');
  element.parts.open.addEventListener('click', () => open(chat.chat, true));
  return element;
}

function fillChat(element, chat) {
  const { parts } = element;
  const number = [...state.chats.keys()].indexOf(chat.chat) + 1;
  setText(parts.name, chat.name);
  setText(parts.last, lastLine(chat));
  const text = newest(chat);
  setText(parts.when, text ? ago(text.sent_at, chat.time_zone) : '');
  setText(parts.unread, chat.unread ? word('unread', { n: chat.unread }) : '');
  show(parts.unread, chat.unread > 0);
  const keys = number < 10 ? `Alt+${number}` : '';
  setText(parts.state, [mattersMost(chat), otherLine(chat.line)].filter(Boolean).join(' · '));
  const acute = danger(chat) === 'yes' && chat.fate === 'active';
  setText(parts.danger, acute ? word('danger.yes') : '');
  show(parts.alarm, acute);
  setText(parts.key, keys);
  parts.open.setAttribute('aria-current', String(state.open === chat.chat));
  if (keys) parts.open.setAttribute('aria-keyshortcuts', keys);
  element.classList.toggle('has-unread', chat.unread > 0);
  element.classList.toggle('over', chat.fate !== 'active');
  element.classList.toggle('gone', chat.peer === 'gone');
  element.classList.toggle('acute', danger(chat) === 'yes');
}

function makeQueued(item) {
  const element = piece('queue');
  element.parts.take.addEventListener('click', () => accept(item.chat));
  return element;
}

/** Whether this chat could be taken from the queue now. */
export function canTake(item) {
  return !whyNotPull(item) && item.line === state.duty.line;
}

/** Why this one, or nobody who is not in danger, can be taken from the queue now; '' when it can be. */
function whyNotPull(item = {}) {
  const active = activeChats();
  if (state.duty.state === 'away') return 'away';
  if (active.some((chat) => danger(chat) === 'yes')) return 'acute';
  if (active.length >= state.duty.capacity) return 'full';
  return active.length >= places(danger(item) === 'yes') ? 'wrap-ups' : '';
}

function fillQueued(element, item) {
  const since = waited((Date.now() - item.since) / 1000);
  const facts = [word('distress', { n: item.distress }), since, item.language, otherLine(item.line)];
  setText(element.parts.facts, asLine(facts.filter(Boolean)));
  const alarm = danger(item) === 'no' ? '' : word(`danger.${danger(item)}`);
  setText(element.parts.danger, alarm);
  show(element.parts.alarm, alarm !== '');
  element.classList.toggle('acute', danger(item) === 'yes');
  element.classList.toggle('high', item.distress >= 4);
  show(element.parts.take, canTake(item));
  element.parts.take.disabled = !state.online || isBusy(item.chat);
  element.parts.take.setAttribute('aria-label', word('take', { facts: [...urgency(item), ...place(item), since].join(', ') }));
}

function makeWrapUp(item) {
  const element = piece('wrap');
  element.parts.open.addEventListener('click', () => openWrapUp(item.chat));
  return element;
}

function fillWrapUp(element, item) {
  const ended = Date.parse(item.ended_at);
  const zone = item.time_zone;
  element.parts.open.setAttribute('aria-current', String(state.view === 'wrap' && state.wrapping === item.chat));
  setText(element.parts.what, [item.name, clock(ended, zone), otherLine(item.line), item.minutes === null ? word('letter') : word('minutes', { n: item.minutes })].filter(Boolean).join(' · '));
  setText(element.parts.until, word('until', { time: clockWithDay(ended + WRAP_UP_MS, zone) }));
}

/** How many wait beyond the end of a list that was cut, where there is a board to know it from. */
function beyondList() {
  if (state.queue.length < CUT_AT) return 0;
  const all = Object.values(state.board).reduce((sum, figures) => sum + figures.waiting, 0);
  return Math.max(0, all - state.queue.length);
}

function draw() {
  const chats = [...state.chats.values()];
  drawList(byId('chat-list'), chats, (chat) => chat.chat, makeChat, fillChat);
  show(byId('chats-empty'), !chats.length);
  drawList(byId('queue-list'), state.queue, (item) => item.chat, makeQueued, fillQueued);
  show(byId('queue-empty'), !state.queue.length);
  const why = state.queue.length ? whyNotPull() : '';
  setText(byId('queue-hint'), why && word(`no-pull.${why}`));
  show(byId('queue-hint'), Boolean(why));
  const more = beyondList();
  setText(byId('queue-more'), more ? word('more', { n: more }) : word('first-ones', { n: CUT_AT }));
  show(byId('queue-more'), state.queue.length >= CUT_AT);
  setText(byId('queue-count'), state.queue.length ? `· ${state.queue.length + more}` : '');
  drawList(byId('wrap-list'), state.wrapUps, (item) => item.chat, makeWrapUp, fillWrapUp);
  show(byId('wrap-empty'), !state.wrapUps.length);
  setText(byId('wrap-count'), state.wrapUps.length ? `· ${state.wrapUps.length}` : '');
  drawViews();
}

function drawViews() {
  // Where the lists always stand beside it, the conversation is what is shown instead of them.
  const view = state.view === 'lists' && wide.matches ? 'chat' : state.view;
  byId('main').dataset.view = view;
  for (const button of byId('views').querySelectorAll('[data-view]')) {
    button.setAttribute('aria-pressed', String(button.dataset.view === view));
  }
  const badge = byId('views').querySelector('.badge');
  const unread = activeChats().reduce((sum, chat) => sum + chat.unread, 0);
  setText(badge, unread ? word('unread', { n: unread }) : '');
  show(badge, unread > 0);
}
