// The middle: the open chat, its texts in the order of time, both streams in one flow.
import { byId, drawList, piece, setMarked, setText, show, word } from './dom.js';
import { kept } from './keep.js';
import { onTick } from './link.js';
import { chatState } from './lists.js';
import { askFor, standing, takeBack } from './asked.js';
import { again, remove, unsent } from './outbox.js';
import { STREAMS, changed, onChange, openChat, state } from './state.js';
import { markRead } from './thread.js';
import { clock } from './time.js';
import { danger, languageName, lineName, otherLine } from './words.js';
import { giveBack } from './composer.js';

const GROUP_MS = 3 * 60 * 1000;
const NEAR_PX = 60;
let atEnd = true; // whether the last text was in sight before the box changed its size
let shown = null; // id of the chat whose texts are in the list
let count = 0;
let drawnHidden = false; // texts drawn while another part stood in their place have not been scrolled

/** Wires the middle column; `close(chat)` takes a finished chat off the list. */
export function startConversation(close) {
  byId('close-chat').addEventListener('click', () => close(state.open));
  byId('introduction').querySelector('summary').addEventListener('click', (event) => {
    // Each chat remembers it for itself.
    event.preventDefault();
    openChat().folded = !openChat().folded;
    changed();
  });
  byId('newer').addEventListener('click', () => toBottom());
  byId('scroll').addEventListener('scroll', () => {
    atEnd = nearBottom();
    if (atEnd) show(byId('newer'), false);
  }, { passive: true });
  // The field grows, a bar comes: the last text stays in sight.
  new ResizeObserver(() => { if (atEnd) toBottom(); }).observe(byId('scroll'));
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    markRead();
    changed();
  });
  onChange(draw);
  onTick(() => {
    const chat = openChat();
    if (chat?.typingUntil) drawTyping(chat);
  });
}

/** Both streams and the outbox as one list; within a stream the order of seq always holds. */
function flow(chat) {
  const [talk, aside] = STREAMS.map((stream) => chat[stream]);
  const list = [];
  let t = 0;
  let a = 0;
  while (t < talk.length || a < aside.length) {
    const takeTalk = a >= aside.length
      || (t < talk.length && Date.parse(talk[t].sent_at) <= Date.parse(aside[a].sent_at));
    list.push(takeTalk ? talk[t++] : aside[a++]);
  }
  for (const item of unsent(chat.chat)) {
    const waits = item.state === 'sending' && !state.online ? 'kept' : item.state;
    list.push({ ...item, author: 'counsellor', sent_at: new Date(item.at).toISOString(), waits });
  }
  return list.map((text, place) => ({ text, before: list[place - 1], after: list[place + 1] }));
}

function together(one, other) {
  return Boolean(one && other) && one.stream === 'talk' && one.author === other.author && one.stream === other.stream
    && Math.abs(Date.parse(other.sent_at) - Date.parse(one.sent_at)) < GROUP_MS;
}

function textState(text, chat, last) {
  const found = text.waits === 'refused' && standing(text);
  if (found) return word(`held.${found}`, { found: text.found.join(', ') });
  if (text.waits) return word(`text.${text.waits}`, { why: text.error ? word(`refused.${text.error}`) : '' });
  const time = clock(text.sent_at, chat.time_zone);
  if (text.author !== 'counsellor' || text.stream === 'aside') return last ? time : '';
  const read = text.seq <= chat.readUpTo;
  // Of a run of texts the last one speaks for all, unless it has been read and this one hasn't.
  return last ? word(read ? 'text.read' : 'text.stored', { time }) : '';
}

function makeText({ text: { client_id: id } }) {
  const element = piece('text');
  element.parts.back.addEventListener('click', () => {
    const item = remove(id);
    if (!item) return;
    takeBack(item);
    giveBack(item);
  });
  element.parts.drop.addEventListener('click', () => {
    const item = remove(id);
    if (item) takeBack(item);
  });
  const item = () => unsent(state.open).find((one) => one.client_id === id);
  element.parts.ask.addEventListener('click', () => askFor(item()));
  element.parts.again.addEventListener('click', () => again(id));
  element.parts.allow.addEventListener('click', () => again(id, true));
  return element;
}

function fillText(element, { text, before, after }) {
  const { parts } = element;
  const chat = openChat();
  const first = !together(before, text);
  const last = !together(text, after) || Boolean(after?.waits);
  element.className = `text ${text.author} ${text.stream}`;
  element.classList.toggle('first', first);
  element.classList.toggle('last', last);
  element.classList.toggle('unsent', Boolean(text.waits));
  element.classList.toggle('refused', text.waits === 'refused');
  element.dataset.seq = text.seq ?? '';
  element.dataset.author = text.author;
  const who = word(text.stream === 'aside' ? `aside.${text.author}` : `author.${text.author}`);
  setText(parts.who, who);
  parts.who.classList.toggle('hidden', text.stream !== 'aside' || !first);
  setMarked(parts.body, text.body, text.waits === 'refused' ? text.found : null);
  setText(parts.state, textState(text, chat, last));
  show(parts.state, parts.state.textContent !== '');
  show(parts.actions, text.waits === 'refused');
  show(parts.back, chat.fate === 'active');
  const held = text.waits === 'refused' && chat.fate === 'active' ? standing(text) : null;
  const supervises = byId('main').dataset.supervises !== undefined;
  show(parts.ask, held === 'found' && !supervises);
  show(parts.allow, Boolean(held) && held !== 'allowed' && supervises);
  show(parts.again, held === 'allowed');
}

const textKey = ({ text }) => text.client_id ?? `${text.stream} ${text.seq}`;

function tag(text, kind) {
  const item = document.createElement('li');
  item.className = `tag ${kind}`;
  item.textContent = text;
  return item;
}

function drawHead(chat) {
  setText(byId('chat-name'), chat.name);
  const tags = chat.line ? [tag(lineName(chat.line), 'line')] : [];
  if (danger(chat) !== 'no') tags.push(tag(word(`danger.${danger(chat)}`), danger(chat) === 'yes' ? 'danger' : 'waiting'));
  if (chat.distress) tags.push(tag(word('distress', { n: chat.distress }), chat.distress >= 4 ? 'waiting' : ''));
  if (chat.language) tags.push(tag(languageName(chat.language), ''));
  const said = tags.map((one) => one.textContent).join();
  if (byId('chat-tags').dataset.said !== said) {
    byId('chat-tags').dataset.said = said;
    byId('chat-tags').replaceChildren(...tags);
  }
  const since = chat.joined_at && chat.fate === 'active' ? word('since', { time: clock(chat.joined_at, chat.time_zone) }) : '';
  setText(byId('chat-presence'), [chatState(chat), since].filter(Boolean).join(' · '));
  byId('chat-head').classList.toggle('other-line', otherLine(chat.line) !== '');
  byId('chat-presence').classList.toggle('gone', chat.peer === 'gone');
}

function drawIntroduction(chat) {
  setText(byId('introduction-text'), chat.introduction ?? '');
  show(byId('introduction'), Boolean(chat.introduction));
  if (byId('introduction').open === chat.folded) byId('introduction').open = !chat.folded;
}

function drawTyping(chat) {
  const on = chat.fate === 'active' && chat.typingUntil > Date.now();
  setText(byId('typing'), on ? word('visitor-types') : '');
}

function drawEnd(chat) {
  const over = chat.fate !== 'active';
  show(byId('closed-note'), over);
  const wasWriting = over && byId('composer').contains(document.activeElement);
  show(byId('composer'), !over);
  show(byId('chat-actions'), !over);
  if (!over) return;
  setText(byId('closed-why'), word(chat.fate === 'moved' ? 'why.moved' : `why.${chat.reason ?? 'finished'}`));
  const drafts = [...STREAMS, 'summary'].map((stream) => kept(`draft.${chat.chat}.${stream}`, '')).filter(Boolean);
  setText(byId('closed-draft'), drafts.join('\n'));
  show(byId('closed-draft-box'), drafts.length > 0);
  // The field is gone under the counsellor's hands: the focus goes to what says why.
  if (wasWriting) byId('closed-why').focus();
}

function nearBottom() {
  const box = byId('scroll');
  return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
}

function toBottom() {
  const box = byId('scroll');
  box.scrollTop = box.scrollHeight;
  show(byId('newer'), false);
}

function drawNothing() {
  const { duty, offers, queue } = state;
  let hint = 'nothing.away';
  if (offers.size) hint = 'nothing.rings';
  else if (duty.state === 'available') hint = queue.length ? 'nothing.queue' : 'nothing.quiet';
  setText(byId('nothing-hint'), state.everOnline ? word(hint) : word('nothing.connecting'));
}

function draw() {
  const chat = openChat();
  show(byId('open-chat'), Boolean(chat));
  show(byId('nothing-open'), !chat);
  byId('conversation').setAttribute('aria-labelledby', chat ? 'chat-name' : 'nothing-title');
  if (!chat) {
    shown = null;
    drawNothing();
    return;
  }
  const other = shown !== chat.chat;
  const stick = other || drawnHidden || nearBottom();
  const texts = flow(chat);
  drawHead(chat);
  drawIntroduction(chat);
  if (other) byId('text-list').replaceChildren();
  drawList(byId('text-list'), texts, textKey, makeText, fillText);
  drawTyping(chat);
  drawEnd(chat);
  if (stick) toBottom();
  else if (texts.length > count) show(byId('newer'), true);
  drawnHidden = byId('scroll').offsetParent === null;
  shown = chat.chat;
  count = texts.length;
}

