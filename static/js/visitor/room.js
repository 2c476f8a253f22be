// The visitor's room. The database is the truth: pushes only say what is new, and whoever sees a gap, comes back or has
// heard nothing for a while asks for everything after the last `seq`.
import * as composer from './composer.js';
import * as log from './log.js';
import * as outbox from './outbox.js';
import * as sending from './sending.js';
import * as summary from './summary.js';
import { NoAnswer, ask, close, dropSocket, open, polled, tell, wayNow } from './link.js';
import { announce, focusHeading, phase, showGone, showNotice, showState, showTyping } from './panels.js';
import { askByHttp } from './http.js';
import { callBack, markTitle, offerSound } from './attention.js';
import { word } from './words.js';

const LOST_AFTER_MS = 1500; // a socket that breaks and comes back at once is not worth a word

const room = document.getElementById('room');
let state = room.dataset.state;
let gone = false;
let wasLost = false;
let lostTimer;
let syncing = null;
let syncAgain = false;
let readMark = 0;

const over = () => gone || state === 'ended';

// What comes in

function takeState(told) {
  const before = phase(state);
  state = told.state;
  showState(told);
  const now = phase(state);
  if (before === now) return;
  if (now === 'active') {
    announce(word('joined'));
    callBack();
    log.toEnd();
  } else if (now === 'waiting') {
    showNotice(word('back_to_queue'), '', 15000);
    log.toTop();
  } else {
    atEnd();
  }
}

/** A push may be older than what the page knows already; before another panel is shown, the database is asked. */
function takePushed(told) {
  if (phase(told.state) === phase(state)) takeState(told);
  else sync();
}

function atEnd() {
  const draft = composer.draft();
  if (draft) log.showPending(outbox.add(draft));
  sending.giveUp();
  summary.go(false);
  markTitle();
  announce(word('ended'));
  focusHeading(document.getElementById('panel-ended'));
}

function atGone() {
  if (gone) return;
  gone = true;
  const rest = [...outbox.unsent().map((item) => item.body), composer.draft()].filter(Boolean);
  outbox.clear();
  log.wipe();
  summary.wipe();
  close();
  clearTimeout(lostTimer);
  showGone(rest.join('\n\n'));
}

function takeMessage(message) {
  const isNew = message.seq > log.lastSeq();
  if (!log.take(message)) {
    sync();
    return;
  }
  outbox.drop(message.client_id);
  if (isNew && message.author !== 'visitor') {
    showTyping(false);
    markTitle();
    markRead();
  }
}

/** Takes the answer to `sync`, whichever way it came. */
function takeAll(answer) {
  if (!answer.ok) {
    if (answer.error === 'not_found' || answer.error === 'unauthorised') atGone();
    else if (answer.error === 'forbidden') checkSession();
    return;
  }
  for (const message of answer.messages) {
    log.take(message);
    outbox.drop(message.client_id);
  }
  log.readTo(answer.read);
  takeState(answer);
  summary.take(answer.summary ?? null);
  markRead();
  // A line that paused without breaking, as behind a proxy, is not opened again: that it answers says it is back.
  if (wasLost && wayNow() === 'socket') lineUp();
  sending.flush();
  summary.resume();
}

/** Asks for everything new; one question at a time, and one more when something happened meanwhile. */
function sync() {
  if (gone) return Promise.resolve(false);
  if (syncing) {
    syncAgain = true;
    return syncing;
  }
  syncing = askForNew().finally(() => {
    syncing = null;
    if (syncAgain) {
      syncAgain = false;
      sync();
    }
  });
  return syncing;
}

async function askForNew() {
  try {
    const answer = await ask('sync', { after: log.lastSeq() });
    if (answer.ok && answer.mark !== room.dataset.mark) {
      // Meanwhile a new chat has begun in another tab. Nothing that was written here belongs into that one.
      outbox.clear();
      window.location.reload();
      return false;
    }
    takeAll(answer);
    return true;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    dropSocket();
    return false;
  }
}

/** The socket was refused: by HTTP the server says whether the chat may still be read. */
async function checkSession() {
  try {
    const answer = await askByHttp('sync', { after: log.lastSeq() });
    if (answer.ok) takeAll(answer);
    else if (answer.error !== 'unavailable' && answer.error !== 'rate_limited') atGone();
  } catch { /* no line at all: it is tried again with the next socket */ }
}

// What goes out

function markRead() {
  const seq = log.lastFromOther();
  if (document.hidden || over() || wayNow() !== 'socket' || seq <= readMark) return;
  readMark = seq;
  ask('read', { seq: log.lastSeq() }).catch(() => { readMark = 0; });
}

async function leave(form) {
  const button = form.querySelector('button');
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  try {
    const answer = wayNow() === 'none' ? await askByHttp('leave') : await ask('leave');
    if (answer.ok) takeState(answer);
    else if (answer.error === 'unavailable') throw new NoAnswer();
    else await sync();
  } catch {
    showNotice(word('leave_failed'), 'danger', 8000);
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

// The line

function lineUp() {
  clearTimeout(lostTimer);
  lostTimer = null;
  if (wasLost) showNotice(over() ? '' : word('back'), 'good', 3000);
  wasLost = false;
}

function lineDown() {
  if (over() || wasLost || lostTimer) return;
  lostTimer = setTimeout(() => {
    wasLost = true;
    sayLost();
  }, LOST_AFTER_MS);
}

function sayLost() {
  if (over()) return;
  const name = navigator.onLine === false ? 'offline' : 'lost';
  showNotice(word(outbox.unsent().length ? name : `${name}_empty`));
}

async function poll() {
  const answered = await sync();
  polled(answered);
}

const handlers = {
  up(way) {
    lineUp();
    if (way === 'socket') sync();
  },
  down: lineDown,
  poll,
  refused: checkSession,
  silent: sync,
  ping: sync,
  message: takeMessage,
  state: takePushed,
  typing: ({ on }) => showTyping(on),
  read: ({ seq }) => log.readTo(seq),
  summary: summary.take,
};

// The keyboard of a telephone may cover the page instead of shrinking it.
function measure() {
  const view = window.visualViewport;
  const covered = view.scale === 1 && window.innerHeight - view.height > 80;
  document.body.classList.toggle('measured', covered);
  if (!covered) return;
  document.body.style.setProperty('--left-over', `${view.height}px`);
  window.scrollTo(0, 0);
}

function start() {
  log.adopt(Number(room.dataset.read));
  if (over()) outbox.clear();
  sending.start({ sync, over });
  if (phase(state) === 'active') log.toEnd();
  summary.start({ sync, over });
  composer.start((body) => {
    sending.send(body);
    if (wasLost) sayLost();
  }, (on) => { if (!over()) tell('typing', { on }); });
  for (const form of document.querySelectorAll('form[data-leave]')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      leave(form);
    });
  }
  // What is half written stays in its field: then the ways to something else open beside the room.
  for (const link of room.querySelectorAll('.while-waiting a:not([target])')) {
    link.addEventListener('click', () => { link.target = composer.draft() ? '_blank' : ''; });
  }
  offerSound();
  document.addEventListener('visibilitychange', markRead);
  window.addEventListener('offline', lineDown);
  window.addEventListener('quick-exit', () => {
    gone = true;
    close();
  });
  window.visualViewport?.addEventListener('resize', measure);
  open(handlers, ['ping', 'message', 'state', 'typing', 'read', 'summary']);
}

start();
