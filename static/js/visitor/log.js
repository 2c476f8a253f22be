// The texts on the page: stored ones in the order of `seq`, those that are not stored yet at the end.
import { word } from './words.js';

const room = document.getElementById('room');
const list = document.getElementById('log');
const scroller = document.getElementById('scroll');
const newer = document.getElementById('newer');
const template = document.getElementById('text-template');
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

const stored = new Map(); // seq -> element
const pending = new Map(); // client_id -> element
let last = 0;
let read = 0;
let drawn = false;
let atEnd = false;
let size = '';

// Whoever reads the newest text goes on seeing it when a notice or the keyboard takes some of the room.
scroller.addEventListener('scroll', () => {
  if (sizeNow() !== size) return; // scrolled before the room changed: the observer is about to hear of it
  // Who waits reads from the top: there the end counts only once it was gone to.
  atEnd = isNearEnd() && (scroller.scrollTop > 0 || room.dataset.state === 'active');
  if (atEnd) newer.hidden = true;
}, { passive: true });
new ResizeObserver(() => {
  size = sizeNow();
  if (atEnd) toEnd();
}).observe(scroller);
newer.addEventListener('click', () => {
  toEnd();
  scroller.focus({ preventScroll: true });
});

function sizeNow() {
  return `${scroller.clientWidth} ${scroller.clientHeight}`;
}

function isNearEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 120;
}

/** The highest `seq` up to which nothing is missing. */
export function lastSeq() {
  return last;
}

/** The highest `seq` of the counsellor's texts. */
export function lastFromOther() {
  return Math.max(0, ...[...stored].filter(([, item]) => item.dataset.author !== 'visitor').map(([seq]) => seq));
}

/** Takes over what the server has drawn. */
export function adopt(readMark) {
  read = readMark;
  for (const item of list.querySelectorAll('.text')) {
    last = Number(item.dataset.seq);
    stored.set(last, item);
    mark(item);
  }
  drawn = true;
}

/** Scrolls to where the page says what has become of the chat. */
export function toTop() {
  scroller.scrollTop = 0;
  atEnd = false;
}

/** Scrolls to the newest text. */
export function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
  atEnd = true;
  newer.hidden = true;
}

/** Changes what stands there; says whether the end was in sight, and still is. */
export function whileAtEnd(change) {
  const near = isNearEnd();
  change();
  if (near && drawn) toEnd();
  return near;
}

function draw(author, body) {
  const item = template.content.firstElementChild.cloneNode(true);
  const own = author === 'visitor';
  item.className = `text ${own ? 'own' : author === 'system' ? 'system' : 'theirs'}`;
  item.dataset.author = author;
  item.querySelector('.text-who').textContent = `${own ? word('you') : word(author === 'system' ? 'system' : 'counsellor')}: `;
  item.querySelector('.text-body').textContent = body;
  return item;
}

function say(item, state) {
  const place = item.querySelector('.text-state');
  if (place.textContent !== state) place.textContent = state;
}

function mark(item) {
  const at = new Date(item.dataset.sentAt);
  if (!Number.isNaN(at.getTime())) item.querySelector('.text-time').textContent = clock.format(at);
  if (item.dataset.author === 'visitor') say(item, word(Number(item.dataset.seq) <= read ? 'read' : 'stored'));
  else say(item, '');
}

/** Shows a text that is on its way. */
export function showPending({ client_id: id, body }) {
  if (pending.has(id)) return;
  const item = draw('visitor', body);
  item.dataset.clientId = id;
  item.classList.add('pending');
  say(item, word('sending'));
  pending.set(id, item);
  list.append(item);
  if (room.dataset.state === 'active') toEnd();
  else item.scrollIntoView({ block: 'nearest' });
}

/** The server has stored a text of ours, though something before it may still be missing here. */
export function showStored(id) {
  const item = pending.get(id);
  if (!item) return;
  item.classList.remove('pending');
  say(item, word('stored'));
}

/** A text that will not be sent; `again` puts it back where it can be changed. */
export function showRefused(id, why, again) {
  const item = pending.get(id);
  if (!item) return;
  item.classList.remove('pending');
  item.classList.add('refused');
  say(item, why);
  if (!again || item.querySelector('.again')) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'again';
  button.textContent = word('edit');
  button.addEventListener('click', () => {
    pending.delete(id);
    item.remove();
    again();
  });
  item.append(button);
}

/** Takes a stored text; false when texts before it are missing, which only `sync` can bring. */
export function take(message) {
  if (message.seq <= last) return true;
  if (message.seq > last + 1) return false;
  last = message.seq;
  const waiting = message.author === 'visitor' ? pending.get(message.client_id) : null;
  pending.delete(message.client_id);
  const item = waiting ?? draw(message.author, message.body);
  item.classList.remove('pending', 'refused');
  item.querySelector('.again')?.remove();
  item.dataset.seq = message.seq;
  item.dataset.clientId = message.client_id;
  item.dataset.sentAt = message.sent_at;
  stored.set(message.seq, item);
  mark(item);
  const seen = whileAtEnd(() => {
    const firstPending = [...pending.values()].find((other) => other.isConnected) ?? null;
    // Moving an element makes screen readers say it again, so one that stands right stays.
    if (!item.isConnected || item.nextElementSibling !== firstPending) list.insertBefore(item, firstPending);
  });
  if (!seen && message.author !== 'visitor' && room.dataset.state === 'active') newer.hidden = false;
  return true;
}

/** The counsellor has read up to `seq`. */
export function readTo(seq) {
  if (!(seq > read)) return;
  read = seq;
  for (const item of stored.values()) mark(item);
}

/** Removes every text from the page. */
export function wipe() {
  list.replaceChildren();
  stored.clear();
  pending.clear();
}
