// The few lines that visitor and counsellor agree on. What is typed is saved soon after the last key; a version that came
// from elsewhere meanwhile never takes its place: both stand there until one of them is chosen.
import { NoAnswer, ask, dropSocket } from './link.js';
import { whileAtEnd } from './log.js';
import { announce, showNotice } from './panels.js';
import { counted, word } from './words.js';

const PAUSE_MS = 1500;
const AGAIN_MS = 3000;
const CALM_MS = 3000; // each pause of somebody who types brings a version: it is said once they have stopped

const $ = (id) => document.getElementById(id);
const panel = $('summary');
const inside = $('summary-in');
const field = $('summary-body');
const change = $('summary-change');
const limit = Number(inside?.dataset.max);

let shown = { version: 0, body: '', author: '', agreed_visitor: false, agreed_counsellor: false, kept: false };
let base = 0; // the version from which what is typed here goes on
let stored = ''; // what the field held when it was last the same as what is stored
let apart = false;
let saving = null;
let hasEnded = false;
let pausing = null;
let calming;
let holdUntil = 0;
let on = {};

const typed = () => field?.value.trim() ?? '';
const isDirty = () => typed() !== stored;

/** How the summary stands, by the name that the words on the page have. */
function key() {
  if (!shown.version) return 'none';
  if (shown.kept) return 'kept';
  if (shown.agreed_visitor && shown.agreed_counsellor) return 'both';
  if (shown.author === 'counsellor') return 'theirs';
  return hasEnded ? 'late' : 'mine';
}

function put(id, text) {
  if ($(id) && $(id).textContent !== text) $(id).textContent = text;
}

function showError(text) {
  put('summary-error', text);
  if (text) field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
}

// Closed it is one line under the texts, which scrolls away with them; open it stands below the composer.
function tell() {
  panel.hidden = hasEnded ? !shown.version && !isDirty() : !panel.open;
  put('summary-told-words', word(`summary_${key()}`));
  const unsaid = hasEnded || panel.open || !shown.version;
  if ($('summary-told').hidden !== unsaid) whileAtEnd(() => { $('summary-told').hidden = unsaid; });
}

function show() {
  const now = key();
  inside.dataset.key = now;
  inside.classList.toggle('apart', apart);
  for (const part of inside.querySelectorAll('[data-for]')) part.hidden = part.dataset.for !== now;
  for (const version of inside.querySelectorAll('[name=version]')) version.value = shown.version;
  put('summary-text', shown.body);
  $('summary-text').hidden = !shown.body;
  if (field) $('summary-choice').hidden = !apart;
  tell();
}

function say(before) {
  const now = key();
  clearTimeout(calming);
  const words = word(now !== before ? `summary_${now}` : panel.open && shown.author === 'counsellor' ? 'summary_changed' : '');
  if (words && now !== 'mine') calming = setTimeout(() => announce(words), now === 'theirs' ? CALM_MS : 0);
}

// The field shows what is stored, as long as nothing else is typed in it.
function follow() {
  base = shown.version;
  stored = shown.body;
  apart = false;
  if (!field || field.value === shown.body) return;
  put('summary-saved', '');
  const { selectionStart, selectionEnd } = field;
  field.value = shown.body;
  if (document.activeElement === field) field.setSelectionRange(selectionStart, selectionEnd);
}

// What was typed is stored; what was typed after it follows in its turn.
function settle(body) {
  base = shown.version;
  stored = body;
  apart = false;
  showError('');
  put('summary-saved', word(isDirty() ? 'summary_unsaved' : 'summary_saved'));
}

function stand() {
  apart = true;
  put('summary-saved', word('summary_apart'));
}

/** Takes the summary as the server tells it; null when there is none. */
export function take(told) {
  if (!panel || !told || told.version < shown.version) return;
  const before = key();
  const isNew = told.version > shown.version;
  if (before === 'none' && field && !isDirty()) change.open = false;
  shown = { ...told, body: told.body ?? '' };
  if (isNew && told.author === 'visitor' && (told.body === saving || told.body === typed())) settle(told.body);
  else if (!isDirty()) follow();
  else if (isNew) stand();
  show();
  if (isNew || key() !== before) say(before);
}

function saveIn(milliseconds) {
  clearTimeout(pausing);
  pausing = setTimeout(flush, milliseconds);
}

/** The line is there: what could not be saved before is saved. Who is typing just now is left to finish. */
export function resume() {
  if (!pausing) flush();
}

async function flush() {
  clearTimeout(pausing);
  pausing = null;
  const body = typed();
  // Only a conversation has one: after the end nothing is saved, and in the queue it waits here.
  if (!field || saving !== null || apart || $('room').dataset.state !== 'active' || !body || !isDirty()) return;
  if (Date.now() < holdUntil) {
    saveIn(holdUntil - Date.now());
    return;
  }
  const over = [...body].length - limit;
  if (over > 0) {
    showError(counted('summary_over_one', 'summary_over_many', over));
    return;
  }
  saving = body;
  let again = 0;
  try {
    again = answered(await ask('summary', { version: base, body }), body);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    put('summary-saved', word('summary_waits'));
    dropSocket();
    again = AGAIN_MS;
  } finally {
    saving = null;
  }
  if (again) saveIn(again);
}

/** What becomes of a version by the server's answer; after how many milliseconds to go on, 0 for not by itself. */
function answered(answer, body) {
  if (answer.ok) {
    take({ version: answer.version, body, author: 'visitor', agreed_visitor: true, agreed_counsellor: false, kept: false });
    return isDirty() && !apart ? PAUSE_MS : 0;
  }
  if (answer.error === 'invalid' || answer.error === 'too_long') {
    showError(word('summary_refused'));
    return 0;
  }
  if (answer.error === 'rate_limited' || answer.error === 'unavailable') return AGAIN_MS;
  holdUntil = Date.now() + AGAIN_MS;
  on.sync(); // taken, waiting again, ended, no longer ours: it says which
  return 0;
}

async function agree() {
  const button = $('summary-agree').querySelector('button');
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  const { version } = shown;
  try {
    const answer = await ask('agree', { version });
    if (answer.ok) {
      if (shown.version === version) take({ ...shown, agreed_visitor: true });
      $('summary-keep').querySelector('button').focus();
    } else {
      showNotice(word(answer.error === 'taken' ? 'summary_changed' : 'leave_failed'), '', 8000);
      on.sync();
    }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    showNotice(word('leave_failed'), 'danger', 8000);
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

/** Opened by the visitor, from a line elsewhere on the page. */
function open() {
  panel.hidden = false;
  panel.open = true;
  (shown.version ? inside.parentElement : field).focus();
}

// It stands with what is said about the end, to be read, agreed to and kept.
function atEnd() {
  hasEnded = true;
  clearTimeout(pausing);
  if (field) {
    field.readOnly = true;
    change.hidden = !isDirty(); // what was not saved any more can still be copied
    put('summary-saved', '');
  }
  panel.removeAttribute('name');
  panel.classList.add('card');
  panel.open = true;
  $('summary-keep').removeAttribute('target');
  inside.querySelector('.beside-words')?.remove();
  $('summary-place').append(panel);
}

/** The state of the chat has changed; true while it has not ended. */
export function go(goesOn) {
  if (!panel || goesOn || hasEnded) return;
  atEnd();
  show();
}

/** Nothing of it stays on the page. */
export function wipe() {
  clearTimeout(pausing);
  clearTimeout(calming);
  panel?.remove();
  $('summary-told').remove();
}

function listen() {
  $('summary-agree').addEventListener('submit', (event) => {
    event.preventDefault();
    agree();
  });
  for (const button of [$('summary-look'), $('summary-begin')]) button.addEventListener('click', open);
  panel.addEventListener('toggle', () => {
    const closed = !panel.open && panel.contains(document.activeElement);
    tell();
    if (closed) $('summary-look').focus();
  });
  if (!field) return;
  change.addEventListener('toggle', () => { if (change.open && change.contains(document.activeElement)) field.focus(); });
  $('summary-save').hidden = true;
  $('summary-saved').hidden = false;
  $('summary-form').addEventListener('submit', (event) => {
    event.preventDefault();
    flush();
  });
  field.addEventListener('input', () => {
    if ([...typed()].length <= limit) showError('');
    if (apart) return;
    put('summary-saved', isDirty() ? word('summary_unsaved') : '');
    saveIn(PAUSE_MS);
  });
  field.addEventListener('blur', flush);
  document.addEventListener('visibilitychange', () => { if (document.hidden) flush(); });
  $('summary-mine').addEventListener('click', () => {
    base = shown.version;
    apart = false;
    show();
    flush();
    field.focus();
  });
  $('summary-theirs').addEventListener('click', () => {
    field.value = shown.body;
    follow();
    put('summary-saved', '');
    show();
    field.focus();
  });
}

/** Starts it. `handlers`: sync() asks for what is new, over() says whether the chat has ended. */
export function start(handlers) {
  on = handlers;
  if (!panel) return;
  const { key: first, author } = inside.dataset;
  shown = {
    version: Number(inside.querySelector('[name=version]').value),
    body: $('summary-text').textContent,
    author,
    agreed_visitor: first !== 'theirs',
    agreed_counsellor: first === 'theirs' || first === 'both',
    kept: first === 'kept',
  };
  base = shown.version;
  stored = shown.body;
  listen();
  if (on.over()) atEnd();
  show();
  flush(); // what a browser has put back into the field after a reload
}
