// The wrap-up in the middle of the desk: the server's own form, filled in while chats go on and ring beside it.
import { announce, byId, isField, setText, show, word } from './dom.js';
import { takeDuty } from './duty.js';
import { keep, kept } from './keep.js';
import { notice } from './notices.js';
import { changed, onChange, state } from './state.js';
import { enhance } from './wrap_up_form.js';

const TOKEN = 'csrf_token';

let shown = null; // {chat, form, listed, sending, at}: what stands in the panel, also while it is out of sight
let before = null; // where the focus was when the panel came
let again = () => {};
let over = () => {};

/** `refresh()` asks for the whole picture; `registered(chat)` is told of a chat that is described now. */
export function startWrapUps(refresh, registered) {
  again = refresh;
  over = registered;
  byId('wrap-up').addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    close();
  });
  byId('wrap-up').addEventListener('focusin', (event) => { if (shown) shown.at = event.target; });
  byId('wrap-up-again').addEventListener('click', () => openWrapUp(state.wrapping));
  byId('wrap-up-close').addEventListener('click', close);
  byId('wrap-this').addEventListener('click', () => openWrapUp(state.open));
  byId('offers-wrap').addEventListener('click', openNextWrapUp);
  onChange(draw);
}

const isListed = (chat) => state.wrapUps.some((item) => item.chat === chat);
const inSight = (element) => Boolean(element?.isConnected && element !== document.body && element.offsetParent);

/** Shows the form of this chat and goes to its first question, or to where it was left. */
export async function openWrapUp(chat) {
  if (state.view !== 'wrap') before = document.activeElement;
  state.view = 'wrap';
  state.wrapping = chat;
  changed();
  // Also where nothing is loaded, the drawing comes first: what is out of sight takes no focus.
  await (shown?.chat === chat && shown.form ? null : load(chat));
  if (state.view !== 'wrap' || state.wrapping !== chat || !shown?.form) return;
  const first = shown.form.querySelector('input[type=radio]:checked');
  (inSight(shown.at) && shown.form.contains(shown.at) ? shown.at : first).focus();
}

/** After the end of a chat: at once, unless somebody writes in another by now. */
export function wrapUpAfterEnd(chat) {
  if (isField(document.activeElement) || (state.open && state.open !== chat)) return;
  openWrapUp(chat);
}

/** The one that was begun, that of the chat in the middle, or the oldest; from one that is shown on to the next. */
export function openNextWrapUp() {
  const ids = state.wrapUps.map((item) => item.chat);
  if (!ids.length) return;
  const begun = [state.wrapping, state.open].find((chat) => ids.includes(chat));
  if (state.view === 'wrap') openWrapUp(ids[(ids.indexOf(state.wrapping) + 1) % ids.length]);
  else openWrapUp(begun ?? ids[0]);
}

/** Out of sight; what was chosen stays. */
function close() {
  state.view = state.open ? 'chat' : 'lists';
  changed();
  // What had the focus is shown by the drawing that follows.
  queueMicrotask(() => (inSight(before) ? before : byId('conversation')).focus());
}

function say(key, retry = false) {
  setText(byId('wrap-up-said'), key ? word(`wrap.${key}`) : '');
  show(byId('wrap-up-problem'), Boolean(key));
  show(byId('wrap-up-again'), retry);
  show(byId('wrap-up-close'), Boolean(key) && !shown?.form);
  if (key) byId('wrap-up-problem').focus();
}

async function load(chat) {
  shown = { chat, form: null, listed: isListed(chat), sending: false, at: null };
  const mine = shown;
  byId('wrap-up-place').replaceChildren();
  say('');
  let answer;
  let page = '';
  try {
    answer = await fetch(`${byId('wrap-up').dataset.forms}${chat}/`, { headers: { Accept: 'text/html' } });
    page = await answer.text();
  } catch {
    answer = null;
  }
  if (shown !== mine) return;
  if (answer?.status === 404) return goneNow();
  const form = new DOMParser().parseFromString(page, 'text/html').getElementById('wrap-up-form');
  if (!form) return say(answer?.redirected ? 'signed-out' : 'no-answer', !answer?.redirected);
  take(document.importNode(form, true));
}

function take(form) {
  shown.form = form;
  setText(byId('wrap-up-what'), form.querySelector('[data-what]').textContent);
  form.querySelector('[data-what]').remove();
  for (const hint of form.querySelectorAll('[data-keys]')) hint.hidden = false;
  const saved = kept(`wrap.${shown.chat}`, null);
  for (const input of saved ? form.querySelectorAll('input[type=radio], input[type=checkbox]') : []) {
    input.checked = (saved[input.name] ?? []).includes(input.value);
  }
  byId('wrap-up-place').replaceChildren(form);
  enhance(form);
  form.addEventListener('change', () => keep(`wrap.${shown.chat}`, chosen(form)));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  form.querySelector('[data-later]').addEventListener('click', (event) => {
    event.preventDefault();
    close();
  });
}

function chosen(form) {
  const data = new FormData(form);
  return Object.fromEntries([...new Set(data.keys())].filter((name) => name !== TOKEN).map((name) => [name, data.getAll(name)]));
}

async function send() {
  const mine = shown;
  if (mine.sending) return;
  mine.sending = true;
  for (const error of mine.form.querySelectorAll('.field-error')) error.remove();
  say('');
  const body = new URLSearchParams(new FormData(mine.form));
  let status = 0;
  let told = {};
  try {
    const answer = await fetch(mine.form.action, { method: 'POST', headers: { Accept: 'application/json' }, body });
    status = answer.status;
    told = await answer.json();
  } catch {
    status ||= 0;
  }
  mine.sending = false;
  if (told.ok) registered(mine, told.rest);
  else if (shown === mine) await refused(status, told);
}

async function refused(status, { errors = {} }) {
  const { chat, form } = shown;
  if (status === 404) return goneNow();
  if (status === 400) {
    // Signed in anew meanwhile: the page has a new token for the same answers.
    await load(chat);
    return say('renewed');
  }
  if (status !== 422) return say(status === 401 || status === 403 ? 'signed-out' : 'no-answer');
  for (const [name, texts] of Object.entries(errors)) {
    const line = document.createElement('p');
    line.className = 'field-error';
    line.textContent = texts.join(' ');
    form.querySelector(`[name="${CSS.escape(name)}"]`)?.closest('fieldset, div').append(line);
  }
  return say('invalid');
}

function registered({ chat }, heavy) {
  keep(`wrap.${chat}`, null);
  state.wrapUps = state.wrapUps.filter((item) => item.chat !== chat);
  if (shown?.chat === chat) leave();
  over(chat);
  announce(word('wrap.saved'));
  if (heavy) {
    const bar = notice('rest', word('wrap.heavy'), {
      kind: 'good', action: { text: word('wrap.rest'), run: () => takeDuty('resting') },
    });
    queueMicrotask(() => bar.parts.action.focus());
  } else {
    notice('registered', word('wrap.saved'), { kind: 'good', seconds: 6 });
  }
  again();
}

/** Nothing is in the panel any more. */
function leave() {
  shown = null;
  state.wrapping = null;
  byId('wrap-up-place').replaceChildren();
  if (state.view === 'wrap') close();
}

/** Filled in elsewhere, or too old: said where it stood, and nothing is kept of it. */
function goneNow() {
  const { chat } = shown;
  keep(`wrap.${chat}`, null);
  if (state.view !== 'wrap') return leave();
  shown.form = null;
  byId('wrap-up-place').replaceChildren();
  setText(byId('wrap-up-what'), '');
  say('gone');
  again();
}

function draw() {
  const chat = state.chats.get(state.open);
  show(byId('wrap-this'), Boolean(chat && chat.fate !== 'active' && isListed(chat.chat)));
  if (!shown) return;
  if (isListed(shown.chat)) shown.listed = true;
  else if (shown.listed && shown.form && !shown.sending) goneNow();
}
