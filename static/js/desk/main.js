// The desk: puts the parts together and draws everything from the server's answer to `resume`.
import { alerted, startAlerts, takeAlerts } from './alerts.js';
import { askedPushed, startAsked, takeAsked } from './asked.js';
import { startBoard, takeBoard } from './board.js';
import { startClosing } from './closing.js';
import { startComposer } from './composer.js';
import { startConversation } from './conversation.js';
import { announce, byId, isField, readWords, show, word } from './dom.js';
import { dutyPushed, startDuty } from './duty.js';
import { earlierPushed, startEarlier } from './earlier.js';
import { startGuide } from './guide.js';
import { chatsWithDrafts, forgetAll, forgetChat, keep, kept } from './keep.js';
import { startKeys } from './keys.js';
import { startLetters } from './letters.js';
import { ask, connect, dropLine, isRefused } from './link.js';
import { startLists, takeQueue } from './lists.js';
import { notice, startNotices } from './notices.js';
import { keepOffer, offerGone, offerPushed, startOffers } from './offers.js';
import { anyUnsent, chatsWithUnsent, remove, startOutbox, unsent } from './outbox.js';
import { startRing } from './ring.js';
import { changed, newChat, onChange, state } from './state.js';
import { startSummary, summaryAsked, summaryPushed } from './summary.js';
import { catchUp, introductionPushed, markRead, readPushed, takeChats, textPushed, typingPushed } from './thread.js';
import { learnClock, learnClockFromHeader } from './time.js';
import { startWrapUps, wrapUpAfterEnd } from './wrap_up.js';

let asking = null;
let askAgain = false;
let clockKnown = false;

/** Asks for the whole picture; one question at a time, and one more when something happened meanwhile. */
function resume() {
  if (asking) {
    askAgain = true;
    return asking;
  }
  asking = fetchAll().finally(() => {
    asking = null;
    if (!askAgain) return;
    askAgain = false;
    if (state.online) resume();
  });
  return asking;
}

async function fetchAll() {
  const asked = Date.now();
  let answer;
  try {
    answer = await ask('resume');
  } catch (error) {
    // No answer although the line looks open: cut it, the ticker connects anew.
    if (error.code === 'no_answer') dropLine();
    return;
  }
  if (answer.now) learnClock(answer.now, asked);
  else if (!clockKnown) learnClockFromHeader(byId('main').dataset.probe);
  clockKnown = true;
  state.duty = { ...state.duty, ...answer.duty, line: answer.duty.line ?? state.duty.line };
  const offered = new Set(answer.offers.map((offer) => offer.chat));
  for (const chat of state.offers.keys()) if (!offered.has(chat)) state.offers.delete(chat);
  for (const offer of answer.offers) keepOffer(offer);
  takeQueue(answer.queue);
  takeBoard(answer.board);
  takeAlerts(answer.alerts);
  state.wrapUps = answer.wrap_ups ?? [];
  state.wrapUpsLimit = answer.wrap_ups_limit ?? 0;
  const first = !state.everOnline;
  state.online = true;
  state.everOnline = true;
  for (const chat of takeChats(answer.chats)) {
    // The picture may be newer than the push that tells of an end, or that push got lost.
    const toDescribe = state.wrapUps.find((item) => item.chat === chat.chat);
    if (toDescribe) hasEnded(chat, toDescribe.reason);
    else movedAway(chat);
  }
  takeAsked(answer.asked);
  keepHomeless();
  if (first) reopen();
  changed();
}

/** After a reload the same chat is open again, else the first one. */
function reopen() {
  const before = kept('open', null);
  if (state.chats.has(before)) openChatById(before, false);
  else if (!state.open && state.chats.size) openChatById([...state.chats.keys()][0], false, 'lists');
}

/** Shows a chat in the middle; `focus` goes to the field, which only the counsellor's own act may do. */
function openChatById(chat, focus, view = 'chat') {
  const found = state.chats.get(chat);
  if (!found) return;
  if (!focus && (state.view === 'wrap' || (state.open && isField(document.activeElement)))) return;
  state.open = chat;
  state.view = view;
  keep('open', chat);
  changed();
  markRead();
  if (!focus) return;
  // The field is shown by the drawing that follows.
  queueMicrotask(() => (found.fate === 'active' ? byId('body') : byId('chat-name')).focus());
}

function drop(chat) {
  const wasOpen = state.open === chat;
  for (const item of unsent(chat)) remove(item.client_id);
  state.chats.delete(chat);
  forgetChat(chat);
  if (wasOpen) {
    state.open = null;
    state.view = 'lists';
    keep('open', null);
    queueMicrotask(() => byId('conversation').focus());
  }
  changed();
}

function hasEnded(chat, reason) {
  if (chat.fate === 'active') announce(`${chat.name}: ${word(`why.${reason ?? 'finished'}`)}`);
  Object.assign(chat, { fate: 'ended', state: 'ended', reason, typingUntil: 0 });
}

/** A chat of ours is somebody else's or back in the queue: its texts are not ours to see any more. */
function movedAway(chat) {
  if (!unsent(chat.chat).length && !chatsWithDrafts().includes(chat.chat)) {
    notice(`moved ${chat.chat}`, word('moved', { name: chat.name }), { kind: 'waiting' });
    drop(chat.chat);
    return;
  }
  Object.assign(chat, { fate: 'moved', talk: [], aside: [], introduction: null, summary: null, earlier: null, before: null, unread: 0 });
}

/** After a reload an unsent text or a draft may belong to a chat that is no longer ours: it is shown all the same. */
function keepHomeless() {
  const drafts = chatsWithDrafts().map((chat) => ({ chat, name: word('former-chat'), line: null }));
  for (const item of [...chatsWithUnsent(), ...drafts]) {
    if (!state.chats.has(item.chat)) state.chats.set(item.chat, { ...newChat(item), fate: 'moved' });
  }
}

function over(id, why) {
  const chat = state.chats.get(id);
  if (!chat) return;
  if (why === 'handed_over') {
    notice(`moved ${id}`, word('handed-over', { name: chat.name }), { kind: 'good', seconds: 10 });
    drop(id);
  } else {
    Object.assign(chat, { fate: 'ended', reason: why });
    wrapUpAfterEnd(id);
  }
  resume();
}

/** A chat that is described needs nothing more, unless there is a text in it that was never sent. */
function described(id) {
  if (state.chats.get(id)?.fate === 'ended' && !unsent(id).length && !chatsWithDrafts().includes(id)) drop(id);
}

function statePushed(push) {
  const chat = state.chats.get(push.chat);
  if (!chat) {
    if (push.state === 'active') resume(); // accepted in another tab
    return;
  }
  if (push.state === 'ended') {
    hasEnded(chat, push.reason);
    resume();
  } else if (push.state !== 'active') {
    resume(); // no longer ours; the answer says so
  }
  changed();
}

function drawLine() {
  show(byId('signed-out'), isRefused());
  show(byId('offline'), state.everOnline && !state.online && !isRefused());
}

readWords();
startNotices();
startDuty();
startOutbox();
startOffers(openChatById, resume);
startLists(openChatById);
startConversation(drop);
startComposer();
startSummary((chat) => catchUp(chat, 'talk'));
startEarlier();
startClosing(over);
startWrapUps(resume, described);
startGuide();
startKeys(openChatById);
startRing();
startBoard();
startLetters();
startAlerts();
startAsked(summaryAsked);
onChange(drawLine);
byId('sign-out').addEventListener('submit', (event) => {
  if (anyUnsent() && !event.target.dataset.warned) {
    event.preventDefault();
    event.target.dataset.warned = 'yes';
    notice('sign-out', word('sign-out-unsent'), { kind: 'danger' });
    return;
  }
  forgetAll();
});
changed();
connect({
  offer: offerPushed,
  offer_gone: offerGone,
  queue: (items) => takeQueue(Array.isArray(items) ? items : items.queue),
  message: textPushed,
  introduction: introductionPushed,
  summary: summaryPushed,
  earlier: earlierPushed,
  state: statePushed,
  typing: typingPushed,
  read: readPushed,
  duty: dutyPushed,
  alert: alerted,
  asked: askedPushed,
  board: takeBoard,
}, resume);
