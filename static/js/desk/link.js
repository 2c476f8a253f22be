// The socket: asks with an answer in time, heartbeat, and reconnecting at our own pace.
import { changed, state } from './state.js';

const ANSWER_MS = 5000;
const SILENCE_MS = 30000; // the server pings every 20 s: longer silence means a dead line
const WAITS = [1, 1, 2, 3, 4]; // seconds between tries; the last one repeats

let socket = null;
let heard = 0;
let tries = 0;
let nextTry = 0;
let refused = false;
const ticks = [];

/**
 * An answer that says no, or none at all (code 'no_answer': nobody knows whether it arrived). `found` is what
 * no text of staff may hold.
 */
export class Refused extends Error {
  constructor(code, found = []) {
    super(code);
    this.code = code;
    this.found = found;
  }
}

/** Emits an event and resolves to its answer; throws Refused with the server's code. */
export async function ask(event, payload = {}) {
  if (!socket?.connected) throw new Refused('no_answer');
  let answer;
  try {
    answer = await socket.timeout(ANSWER_MS).emitWithAck(event, payload);
  } catch {
    throw new Refused('no_answer');
  }
  if (!answer?.ok) throw new Refused(answer?.error ?? 'unavailable', answer?.found);
  return answer;
}

/** Emits what may get lost (typing): no answer is awaited. */
export function tell(event, payload) {
  if (socket?.connected) socket.emit(event, payload, () => {});
}

/** Calls `work` once a second, in hidden pages too. */
export function onTick(work) {
  ticks.push(work);
}

/** Whether the server has refused us for good: signed out elsewhere, or the session is over. */
export function isRefused() {
  return refused;
}

/** Cuts a line that looks alive but answers nothing; the ticker then connects anew. */
export function dropLine() {
  socket?.disconnect();
}

/** Opens the socket. `handlers` maps event names to functions; `fresh` runs on connect and on ping. */
export function connect(handlers, fresh) {
  socket = window.io('/console', {
    transports: ['websocket'], withCredentials: true, reconnection: false, timeout: 8000,
  });
  socket.onAny(() => { heard = Date.now(); });
  for (const [event, handle] of Object.entries(handlers)) socket.on(event, handle);
  socket.on('connect', () => {
    heard = Date.now();
    tries = 0;
    fresh();
  });
  // The server's event 'ping' is one of ours; answering with `resume` is the heartbeat.
  socket.on('ping', (data, answer) => {
    if (typeof answer === 'function') answer();
    fresh();
  });
  socket.on('disconnect', lost);
  socket.on('connect_error', (error) => {
    if (/^unauthori[sz]ed/i.test(error?.message)) refused = true; // asking again would not help
    lost();
  });
  startTicker();
  window.addEventListener('online', retryNow);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) retryNow(); });
}

function lost() {
  nextTry = Date.now() + WAITS[Math.min(tries, WAITS.length - 1)] * 1000 - 500;
  tries += 1;
  state.online = false;
  changed();
}

function retryNow() {
  if (socket && !socket.connected && !refused) socket.connect();
}

function tick() {
  if (!socket.connected && !refused && Date.now() >= nextTry) {
    nextTry = Date.now() + 10000;
    socket.connect();
  } else if (socket.connected && Date.now() - heard > SILENCE_MS) {
    dropLine();
  }
  for (const work of ticks) work();
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
