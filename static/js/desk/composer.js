// Writing: two streams that can't be mistaken, drafts that stay on this page, typing.
import { byId, setText, show, word } from './dom.js';
import { keep, kept } from './keep.js';
import { tell } from './link.js';
import { send } from './outbox.js';
import { changed, onChange, openChat, state } from './state.js';

const LONGEST = 4000;
const COUNT_FROM = 3500;
const TYPING_EVERY_MS = 3000;
const STOPPED_MS = 5000;

const streams = new Map(); // chat -> stream being written in
let shown = ''; // 'chat stream' of the draft in the field
let typingFor = null;
let typingTold = 0;
let typingStop = 0;

/** Wires the composer. */
export function startComposer() {
  const body = byId('body');
  byId('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  body.addEventListener('input', () => {
    keepDraft();
    typed();
    drawField();
  });
  for (const button of byId('composer').querySelectorAll('button[data-stream]')) {
    button.addEventListener('click', () => {
      choose(button.dataset.stream);
      body.focus();
    });
  }
  onChange(draw);
}

const draftName = (chat, stream) => `draft.${chat}.${stream}`;
const streamOf = (chat) => streams.get(chat.chat) ?? kept(`stream.${chat.chat}`, 'talk');

function choose(stream) {
  const chat = openChat();
  if (!chat) return;
  stopTyping();
  streams.set(chat.chat, stream);
  keep(`stream.${chat.chat}`, stream === 'talk' ? null : stream);
  changed();
}

function keepDraft() {
  const chat = openChat();
  if (chat) keep(draftName(chat.chat, streamOf(chat)), byId('body').value);
}

/** Characters as the server counts them: an emoji is one, not two. */
const length = (text) => [...text].length;

function submit() {
  const chat = openChat();
  const body = byId('body');
  if (!chat || chat.fate !== 'active' || !body.value.trim() || length(body.value) > LONGEST) return;
  stopTyping();
  send(chat, streamOf(chat), body.value.trim());
  body.value = '';
  keepDraft();
  byId('scroll').scrollTop = byId('scroll').scrollHeight;
  changed();
}

/** Puts a refused text back in its field, before what is there already. */
export function giveBack(item) {
  const name = draftName(item.chat, item.stream);
  const draft = kept(name, '');
  keep(name, draft ? `${item.body}\n${draft}` : item.body);
  shown = '';
  if (state.open === item.chat) choose(item.stream);
  changed();
  byId('body').focus();
}

/** Puts words where the cursor is, in the stream that is being written in. */
export function insert(text) {
  const chat = openChat();
  if (!chat || chat.fate !== 'active') return;
  const body = byId('body');
  const before = body.value.slice(0, body.selectionStart);
  const space = before && !/\s$/.test(before) ? ' ' : '';
  body.setRangeText(space + text, body.selectionStart, body.selectionEnd, 'end');
  body.focus();
  body.dispatchEvent(new Event('input', { bubbles: true }));
}

function typed() {
  const chat = openChat();
  // What is written for staff is nobody else's business, not even that it is written.
  if (!chat || streamOf(chat) !== 'talk' || !byId('body').value) return stopTyping();
  const now = Date.now();
  if (typingFor !== chat.chat || now - typingTold > TYPING_EVERY_MS) {
    stopTyping();
    typingFor = chat.chat;
    typingTold = now;
    tell('typing', { chat: chat.chat, on: true });
  }
  clearTimeout(typingStop);
  typingStop = setTimeout(stopTyping, STOPPED_MS);
}

function stopTyping() {
  clearTimeout(typingStop);
  if (typingFor) tell('typing', { chat: typingFor, on: false });
  typingFor = null;
}

function drawField() {
  const chat = openChat();
  if (!chat) return;
  const used = length(byId('body').value);
  const over = used > LONGEST;
  const count = byId('body-count');
  setText(count, over ? word('too-long', { n: used - LONGEST }) : used > COUNT_FROM ? word('left', { n: LONGEST - used }) : '');
  count.classList.toggle('field-error', over);
  if (over) byId('body').setAttribute('aria-invalid', 'true');
  else byId('body').removeAttribute('aria-invalid');
  const other = streamOf(chat) === 'talk' ? 'aside' : 'talk';
  const waiting = kept(draftName(chat.chat, other), '') !== '';
  show(byId('draft-mark'), waiting);
  if (waiting) setText(byId('draft-mark'), word(`draft.${other}`));
}

function draw() {
  const chat = openChat();
  if (!chat) return;
  const stream = streamOf(chat);
  const form = byId('composer');
  form.dataset.stream = stream;
  for (const button of form.querySelectorAll('button[data-stream]')) {
    button.setAttribute('aria-pressed', String(button.dataset.stream === stream));
  }
  setText(byId('body-label'), word(`write.${stream}`));
  const hint = word(`write.${stream}`);
  if (byId('body').placeholder !== hint) byId('body').placeholder = hint;
  setText(byId('send'), word(`send.${stream}`));
  const now = `${chat.chat} ${stream}`;
  if (shown !== now) {
    // The other field's typing ends with its draft; nothing is sent by switching.
    if (typingFor && typingFor !== chat.chat) stopTyping();
    shown = now;
    byId('body').value = kept(draftName(chat.chat, stream), '');
  }
  drawField();
}
