// The line to the server: a socket, or where none can be had its HTTP twins, while the socket is tried again in the
// background. The rest of the page calls ask() and does not know which of the two answers.
import { askByHttp } from './http.js';

const ANSWER_MS = 5000;
const SILENCE_MS = 40000; // the server asks every 20 s, so a longer silence means that something is wrong
const POLL_MS = 4000;
const TRIES = 3;
const PATIENCE_MS = 6000; // a socket that neither opens nor fails counts as none
const WAITS = [0.5, 1, 2, 4, 8]; // seconds between tries; the last one repeats, three times as long while polling

let socket = null;
let way = 'none'; // none, socket or http
let tries = 0;
let nextTry = 0;
let nextPoll = 0;
let heard = 0;
let without = Date.now(); // since when there is no way at all
let closed = false;
let on = {};

/** No answer came: nobody knows whether the server got it. */
export class NoAnswer extends Error {}

/** 'socket', 'http' or 'none'. */
export function wayNow() {
  return way;
}

/** Asks the server; resolves to its answer, {ok: true, ...} or {ok: false, error}. Throws NoAnswer. */
export async function ask(event, data = {}) {
  try {
    if (socket?.connected) {
      const answer = await socket.timeout(ANSWER_MS).emitWithAck(event, data);
      heard = Date.now();
      return answer;
    }
    if (way === 'http') return await askByHttp(event, data);
  } catch { /* said below */ }
  throw new NoAnswer(event);
}

/** Tells the server what may get lost, such as typing. */
export function tell(event, data) {
  if (socket?.connected) socket.emit(event, data, () => {});
}

/** Hangs up a socket that looks alive but does not answer; it is tried again at once. */
export function dropSocket() {
  if (socket?.connected) socket.disconnect().connect();
}

/** Ends the line for good. */
export function close() {
  closed = true;
  way = 'none';
  socket?.disconnect();
}

/**
 * Opens the line. `handlers`: up(way), down(), poll(), refused(), silent(), and one for each event of the server.
 */
export function open(handlers, events) {
  on = handlers;
  startTicker();
  if (!window.io) {
    usePolling();
    return;
  }
  socket = window.io('/visitor', { transports: ['websocket'], withCredentials: true, reconnection: false, timeout: 8000 });
  socket.on('connect', connected);
  socket.on('disconnect', disconnected);
  socket.on('connect_error', failed);
  for (const event of events) {
    socket.on(event, (data) => {
      heard = Date.now();
      on[event](data);
    });
  }
  window.addEventListener('online', hurry);
  window.addEventListener('pageshow', hurry);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) hurry(); });
}

function connected() {
  tries = 0;
  heard = Date.now();
  way = 'socket';
  on.up(way);
}

function disconnected(reason) {
  if (closed) return;
  if (way === 'socket') {
    way = 'none';
    without = Date.now();
  }
  planTry();
  on.down();
  // The server hangs up when the session has ended, in another tab for instance.
  if (reason === 'io server disconnect') on.refused();
}

function failed(error) {
  if (closed) return;
  tries += 1;
  planTry();
  if (/^unauthori[sz]ed/i.test(error?.message)) on.refused();
  else if (tries >= TRIES) usePolling();
  else if (way === 'none') on.down();
}

function planTry() {
  const wait = WAITS[Math.min(tries, WAITS.length - 1)] * 1000 * (way === 'http' ? 3 : 1);
  // Everybody's sockets break at once when the server restarts: come back spread out.
  nextTry = Date.now() + wait * (0.75 + Math.random() / 2);
}

function usePolling() {
  if (way === 'http') return;
  way = 'http';
  nextPoll = 0;
}

/** What polling found: the server answers by HTTP, or it does not. */
export function polled(answered) {
  if (way !== 'http') return;
  if (answered) on.up(way);
  else on.down();
}

function hurry() {
  if (socket && !socket.connected && !closed) nextTry = 0;
  nextPoll = 0;
  tick();
}

function tick() {
  if (closed) return;
  const now = Date.now();
  if (socket && !socket.connected && now >= nextTry) {
    nextTry = now + 10000;
    socket.connect();
  }
  if (way === 'none' && now - without > PATIENCE_MS) usePolling();
  if (way === 'http' && now >= nextPoll) {
    nextPoll = now + POLL_MS;
    on.poll();
  } else if (way === 'socket' && now - heard > SILENCE_MS) {
    heard = now - SILENCE_MS + 10000; // ask again in 10 s should this one be lost
    on.silent();
  }
}

function startTicker() {
  try {
    const worker = new Worker(new URL('./ticker.js', import.meta.url));
    worker.onmessage = tick;
    worker.onerror = () => setInterval(tick, 1000);
  } catch {
    setInterval(tick, 1000);
  }
}
