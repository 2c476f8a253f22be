// Times: the server's clock, and durations in the words of the page.
import { word } from './dom.js';

let offset = 0; // server minus this device, in ms
let exact = false;

/** Milliseconds since 1970 by the server's clock. */
export function serverNow() {
  return Date.now() + offset;
}

/** Learns the server's clock from a `now` it sent; `asked` is when we asked, in ms. */
export function learnClock(now, asked) {
  const told = Date.parse(now);
  if (Number.isNaN(told)) return;
  offset = told - (asked + Date.now()) / 2;
  exact = true;
}

/** Where no answer carries a time: the Date header of a small file. It is cut to seconds; a ring may only seem shorter. */
export async function learnClockFromHeader(address) {
  const asked = Date.now();
  try {
    const answer = await fetch(address, { method: 'HEAD', cache: 'no-store' });
    const told = Date.parse(answer.headers.get('date') ?? '');
    if (exact || Number.isNaN(told)) return;
    offset = told + 1000 - (asked + Date.now()) / 2;
  } catch {
    // Without a connection there is nothing to learn; the next connect asks again.
  }
}

/** 83 -> '1:23'. */
export function countdown(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
}

/** How long somebody waits, in words: under a minute in seconds, in steps of ten. */
export function waited(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 10) return word('moment');
  if (whole < 60) return word('seconds', { n: Math.floor(whole / 10) * 10 });
  return word('minutes', { n: Math.floor(whole / 60) });
}

/** The same as a fact about somebody who waits. */
export function waits(seconds) {
  return seconds < 10 ? word('moment') : word('waits', { time: waited(seconds) });
}

// Plain 'en' would write American dates.
const language = (document.documentElement.lang || 'en').replace(/^en$/, 'en-GB');
const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const formats = new Map();

/** What `options` say of a moment in a time zone. */
function told(instant, zone, options) {
  const key = JSON.stringify([zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language, { ...options, timeZone: zone }));
  return formats.get(key).format(new Date(instant));
}

/** '20:42' in the time zone of a line; without one in that of this device. */
export function clock(instant, zone) {
  return told(instant, zone, CLOCK);
}

/** 'Tuesday 20:42' for another day, '20:42' for today. */
export function clockWithDay(instant, zone) {
  const isToday = told(instant, zone, {}) === told(serverNow(), zone, {});
  return isToday ? clock(instant, zone) : `${told(instant, zone, { weekday: 'long' })} ${clock(instant, zone)}`;
}

/** '16 November 2026' for a day as the server writes it. */
export function longDay(day) {
  return told(Date.parse(`${day}T12:00:00Z`), 'UTC', { day: 'numeric', month: 'long', year: 'numeric' });
}

/** For a list: 'now', '3 min', then the clock. */
export function ago(instant, zone) {
  const seconds = (serverNow() - Date.parse(instant)) / 1000;
  if (seconds < 60) return word('now');
  if (seconds < 3600) return word('minutes', { n: Math.floor(seconds / 60) });
  return clock(instant, zone);
}
