// The summary of a chat, written by its two sides: what is typed is saved soon after the last key. What the visitor wrote
// meanwhile never takes its place: both stand there until the counsellor takes one.
import { askFor, standing, takeBackSummaries } from './asked.js';
import { announce, byId, setMarked, setText, show, word } from './dom.js';
import { keep, kept } from './keep.js';
import { Refused, ask } from './link.js';
import { changed, onChange, openChat, state } from './state.js';

const PAUSE_MS = 1000;
const AGAIN_MS = 3000;
const LONGEST = 1000;
const COUNT_FROM = 800;
// What may be different the next time, without a word of the text being changed.
const PASSING = new Set(['no_answer', 'unavailable', 'rate_limited']);

const works = new Map(); // chat -> work: what is typed here, and from which version it goes on
let sync = () => {};

/** Wires the panel; `again(chat)` asks for what the server has of a chat. */
export function startSummary(again) {
  sync = again;
  const field = byId('summary-body');
  byId('open-summary').addEventListener('click', toggleSummary);
  byId('summary-close').addEventListener('click', shut);
  byId('summary').addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    shut();
  });
  field.addEventListener('input', () => {
    const chat = openChat();
    const work = workOf(chat);
    Object.assign(work, { text: field.value, error: null });
    keepTyped(chat, work);
    if (!isDirty(work)) takeBackSummaries(chat);
    saveIn(chat, PAUSE_MS);
    changed();
  });
  // Whoever goes elsewhere, to end the chat perhaps, does not wait for the pause.
  field.addEventListener('blur', () => { if (openChat()) save(openChat()); });
  byId('summary-take').addEventListener('click', () => choose(false));
  byId('summary-mine').addEventListener('click', () => choose(true));
  byId('summary-agree').addEventListener('click', agree);
  byId('summary-ask').addEventListener('click', () => goOn((chat, work) => askFor(asText(chat, work), () => saveNow(chat, false))));
  byId('summary-save').addEventListener('click', () => goOn((chat) => saveNow(chat, false)));
  byId('summary-allow').addEventListener('click', () => goOn((chat) => saveNow(chat, true)));
  let online = false;
  onChange(() => {
    if (state.online && !online) for (const chat of state.chats.values()) save(chat);
    online = state.online;
    draw();
  });
}

const draftOf = (chat) => `draft.${chat.chat}.summary`;
const baseOf = (chat) => `summary.${chat.chat}`;
const versionOf = (chat) => chat.summary?.version ?? 0;
const bodyOf = (chat) => chat.summary?.body ?? '';
const length = (text) => [...text].length;

function workOf(chat) {
  if (!works.has(chat.chat)) {
    const typed = kept(draftOf(chat), null);
    const stored = bodyOf(chat);
    works.set(chat.chat, {
      text: typed ?? stored, stored, base: typed === null ? versionOf(chat) : kept(baseOf(chat), 0), saving: null, timer: 0, error: null, found: [],
    });
  }
  return works.get(chat.chat);
}

const isDirty = (work) => work.text.trim() !== work.stored;
/** Whether what stands on the server is not what was typed on from. */
const isApart = (chat, work) => isDirty(work) && versionOf(chat) > work.base;

/** Whether the visitor waits for a yes to what they wrote. */
export function waitsForYes({ summary }) {
  return Boolean(summary) && !summary.kept && summary.agreed_visitor && !summary.agreed_counsellor;
}

function keepTyped(chat, work) {
  const dirty = isDirty(work);
  keep(draftOf(chat), dirty ? work.text : null);
  keep(baseOf(chat), dirty ? work.base : null);
}

/** What was refused, as what a supervisor is asked for. */
const asText = (chat, { text, found }) => ({ chat: chat.chat, client_id: 'summary', stream: 'summary', body: text.trim(), found });
/** How a refused version stands with supervisors: 'found', 'open', 'allowed', 'refused'; null for any other. */
const heldBack = (chat, work) => (work.error === 'found' ? standing(asText(chat, work)) : null);

/** A summary that was asked for stands in the field, whichever tab or colleague typed it, unless something else does. */
export function summaryAsked(chat, { body, found }) {
  const work = workOf(chat);
  if (isDirty(work) && work.text.trim() !== body) return;
  Object.assign(work, { text: body, error: 'found', found });
  keepTyped(chat, work);
}

/** A button that goes by its press leaves the focus in the field. */
function goOn(deed) {
  const chat = openChat();
  deed(chat, workOf(chat));
  byId('summary-body').focus();
}

/** Saves what was refused once more, as it is; `allow`: a supervisor's own, whatever stands in it. */
function saveNow(chat, allow) {
  workOf(chat).error = null;
  save(chat, allow);
}

/** The field shows what the server has. */
function follow(chat, work) {
  Object.assign(work, { text: bodyOf(chat), stored: bodyOf(chat), base: versionOf(chat), error: null });
  keepTyped(chat, work);
}

/** What was typed is stored; what was typed after it goes on from there. */
function settle(chat, work, body, version) {
  Object.assign(work, { stored: body, base: version, error: null });
  keepTyped(chat, work);
}

/** Takes over what the server says of a chat's summary; null when there is none. */
export function takeSummary(chat, told) {
  if (!told || told.version < versionOf(chat)) return;
  const work = workOf(chat);
  const waited = waitsForYes(chat);
  const agreed = chat.summary?.agreed_visitor;
  const isNew = told.version > versionOf(chat);
  chat.summary = told;
  if (isNew && told.author === 'counsellor' && (told.body === work.saving || told.body === work.text.trim())) {
    settle(chat, work, told.body, told.version);
  } else if (!isDirty(work)) follow(chat, work);
  if (state.open !== chat.chat) return;
  if (isApart(chat, work)) announce(word('summary.apart'));
  else if (waitsForYes(chat) && !waited) announce(word('summary.wrote'));
  else if (told.agreed_visitor && told.agreed_counsellor && !agreed) announce(word('summary.both'));
}

/** The server pushed a summary. */
export function summaryPushed({ chat: id, ...told }) {
  const chat = state.chats.get(id);
  if (!chat) return;
  takeSummary(chat, told);
  changed();
}

function saveIn(chat, milliseconds) {
  const work = workOf(chat);
  clearTimeout(work.timer);
  work.timer = setTimeout(() => save(chat), milliseconds);
}

async function save(chat, allow = false) {
  const work = workOf(chat);
  clearTimeout(work.timer);
  const body = work.text.trim();
  const may = chat.fate === 'active' && state.online && work.saving === null && !work.error && !isApart(chat, work);
  if (!may || !body || !isDirty(work) || length(body) > LONGEST) return;
  work.saving = body;
  changed();
  try {
    const { version } = await ask('summary', { chat: chat.chat, version: work.base, body, ...(allow ? { allow } : {}) });
    takeBackSummaries(chat);
    if (version > versionOf(chat)) {
      chat.summary = { version, body, author: 'counsellor', agreed_visitor: false, agreed_counsellor: true, kept: false };
    }
    if (version >= work.base) settle(chat, work, body, version);
    // The visitor may have written on before the answer came.
    if (!isDirty(work) && versionOf(chat) > work.base) follow(chat, work);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refused(chat, work, error);
  } finally {
    work.saving = null;
  }
  // What was typed on meanwhile follows in its turn.
  if (isDirty(work) && !work.error) saveIn(chat, PAUSE_MS);
  changed();
}

function refused(chat, work, { code, found }) {
  if (PASSING.has(code)) saveIn(chat, AGAIN_MS);
  else if (code === 'taken') sync(chat);
  else Object.assign(work, { error: found.length ? 'found' : code, found });
}

/** Both stand there: one of them is taken. */
function choose(mine) {
  const chat = openChat();
  const work = workOf(chat);
  if (mine) {
    settle(chat, work, bodyOf(chat), versionOf(chat));
    save(chat);
  } else {
    follow(chat, work);
    takeBackSummaries(chat);
  }
  byId('summary-body').focus();
  changed();
}

async function agree() {
  const chat = openChat();
  const version = versionOf(chat);
  try {
    await ask('agree', { chat: chat.chat, version });
    if (versionOf(chat) === version) chat.summary = { ...chat.summary, agreed_counsellor: true };
    announce(word('summary.both'));
    byId('summary-body').focus();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    workOf(chat).error = error.code === 'taken' ? null : error.code;
    sync(chat);
  }
  changed();
}

/** Opens the summary of the chat in the middle and goes to its field, or closes it. */
export function toggleSummary() {
  const chat = openChat();
  if (!chat || chat.fate !== 'active') return;
  if (chat.summaryOpen && byId('summary').contains(document.activeElement)) {
    shut();
    return;
  }
  chat.summaryOpen = true;
  state.view = 'chat';
  changed();
  // The field is shown by the drawing that follows.
  queueMicrotask(() => byId('summary-body').focus());
}

function shut() {
  const chat = openChat();
  chat.summaryOpen = false;
  save(chat);
  changed();
  queueMicrotask(() => byId('body').focus());
}

/** What becomes of what stands in the field, in words. */
function fieldState(chat, work) {
  const over = length(work.text.trim()) - LONGEST;
  if (over > 0) return word('summary.too-long', { n: over });
  const held = heldBack(chat, work);
  if (held) return word(`summary.held-${held}`, { found: work.found.join(', ') });
  if (work.error) return word('summary.refused');
  if (isApart(chat, work)) return word('summary.apart');
  if (isDirty(work)) {
    if (!work.text.trim()) return word('summary.empty');
    return word(state.online ? 'summary.saving' : 'summary.waits');
  }
  if (chat.summary?.kept) return word('summary.kept');
  if (!work.text) return word('summary.none');
  if (bothAgree(chat)) return word('summary.agreed');
  return word(waitsForYes(chat) ? 'summary.theirs' : 'summary.saved');
}

function bothAgree(chat) {
  return Boolean(chat.summary?.agreed_visitor && chat.summary.agreed_counsellor);
}

function drawSide(id, side, agrees) {
  setText(byId(id), word(`summary.${side}.${agrees ? 'yes' : 'no'}`));
  byId(id).classList.toggle('good', agrees);
}

function drawButton(chat) {
  const waits = waitsForYes(chat);
  const both = bothAgree(chat);
  byId('open-summary').setAttribute('aria-expanded', String(Boolean(chat.summaryOpen)));
  show(byId('summary-mark'), !chat.summaryOpen && (waits || both));
  setText(byId('summary-mark'), word(waits ? 'summary.mark.waits' : 'summary.mark.both'));
  byId('summary-mark').classList.toggle('good', both);
}

function draw() {
  const chat = openChat();
  const active = chat?.fate === 'active';
  show(byId('summary'), Boolean(active && chat.summaryOpen));
  if (!active) return;
  drawButton(chat);
  if (!chat.summaryOpen) return;
  const work = workOf(chat);
  const field = byId('summary-body');
  if (field.value !== work.text) {
    const { selectionStart, selectionEnd } = field;
    field.value = work.text;
    if (document.activeElement === field) field.setSelectionRange(selectionStart, selectionEnd);
  }
  const apart = isApart(chat, work);
  const { summary } = chat;
  show(byId('summary-other'), apart);
  setText(byId('summary-whose'), word(summary?.author === 'visitor' ? 'summary.other.visitor' : 'summary.other.you'));
  setText(byId('summary-theirs'), bodyOf(chat));
  const held = apart ? null : heldBack(chat, work);
  const supervises = byId('main').dataset.supervises !== undefined;
  show(byId('summary-ask'), held === 'found' && !supervises);
  show(byId('summary-save'), held === 'allowed');
  show(byId('summary-allow'), Boolean(held) && held !== 'allowed' && supervises);
  for (const button of ['summary-ask', 'summary-save', 'summary-allow']) byId(button).disabled = !state.online;
  show(byId('summary-refused'), work.error === 'found');
  setMarked(byId('summary-refused'), work.error === 'found' ? work.text : '', work.found);
  const wrong = (Boolean(work.error) && !['open', 'allowed'].includes(held)) || length(work.text.trim()) > LONGEST;
  setText(byId('summary-state'), fieldState(chat, work));
  byId('summary-state').classList.toggle('wrong', wrong);
  if (wrong) field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
  const left = LONGEST - length(work.text.trim());
  setText(byId('summary-count'), left >= 0 && left < LONGEST - COUNT_FROM ? word('left', { n: left }) : '');
  show(byId('summary-sides'), Boolean(summary) && !summary.kept);
  if (summary) {
    drawSide('summary-visitor', 'visitor', summary.agreed_visitor && !isDirty(work));
    drawSide('summary-you', 'you', summary.agreed_counsellor || isDirty(work));
  }
  show(byId('summary-agree'), waitsForYes(chat) && !isDirty(work));
  byId('summary-agree').disabled = !state.online;
}
