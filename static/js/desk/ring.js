// Ringing: sound without a file, and a title that alternates. Neither says who or what.
import { activeChats, onChange, state } from './state.js';
import { byId, show, word } from './dom.js';
import { onTick } from './link.js';
import { serverNow } from './time.js';

const EVERY_S = 2;
const LOST_S = 10;
const plainTitle = document.title;
let audio = null;
let playing = null; // {gain, until}
let odd = false;
let silentFor = 0; // seconds without a connection

/** Prepares the sound; a browser that wants a gesture first gets a bar to press. */
export function startRing() {
  try {
    audio = new AudioContext();
  } catch {
    audio = null;
  }
  if (audio) {
    audio.addEventListener('statechange', soundChanged);
    for (const gesture of ['pointerdown', 'keydown']) document.addEventListener(gesture, wake, { passive: true });
  }
  byId('sound-off').addEventListener('click', () => wake().then(() => chime()));
  byId('test-sound').addEventListener('click', () => wake().then(() => chime()));
  onChange(ring);
  onTick(() => {
    odd = !odd;
    tellLost();
    ring();
  });
  // The state settles a moment after the start; only then the bar may come.
  setTimeout(soundChanged, 500);
}

function soundChanged() {
  show(byId('sound-off'), Boolean(audio) && audio.state !== 'running');
  ring();
}

async function wake() {
  if (audio && audio.state !== 'running') await audio.resume().catch(() => {});
}

const RISING = [[660, 0], [880, 0.18]];
const FALLING = [[440, 0], [330, 0.25]];

/** Two soft notes at `at` seconds of the audio clock. */
function notes(at, into, tune = RISING) {
  for (const [pitch, delay] of tune) {
    const tone = audio.createOscillator();
    const level = audio.createGain();
    tone.frequency.value = pitch;
    level.gain.setValueAtTime(0.0001, at + delay);
    level.gain.exponentialRampToValueAtTime(0.35, at + delay + 0.02);
    level.gain.exponentialRampToValueAtTime(0.0001, at + delay + 0.42);
    tone.connect(level).connect(into);
    tone.start(at + delay);
    tone.stop(at + delay + 0.45);
  }
}

/** Sounds once, for what is no ring but must be heard. */
export function chime(tune = RISING) {
  if (audio?.state === 'running') notes(audio.currentTime + 0.05, audio.destination, tune);
}

/** Who is available must hear it when nothing can ring any more: once, and no short break is told. */
function tellLost() {
  silentFor = state.everOnline && !state.online && state.duty.state === 'available' ? silentFor + 1 : 0;
  if (silentFor === LOST_S) chime(FALLING);
}

function silence() {
  playing?.gain.disconnect();
  playing = null;
}

/** Sound is planned ahead on the audio clock to the last offer's end: a slowed timer can't mute it. */
function ring() {
  const ends = [...state.offers.values()].map((offer) => Date.parse(offer.expires_at));
  const until = Math.max(0, ...ends);
  const ringing = until > serverNow();
  if (!ringing || !audio || audio.state !== 'running') silence();
  else if (playing?.until !== until) {
    silence();
    const gain = audio.createGain();
    gain.connect(audio.destination);
    const seconds = Math.min(180, (until - serverNow()) / 1000);
    for (let at = 0.05; at < seconds; at += EVERY_S) notes(audio.currentTime + at, gain);
    playing = { gain, until };
  }
  const unread = activeChats().reduce((sum, chat) => sum + chat.unread, 0);
  const quiet = unread ? `(${unread}) ${plainTitle}` : plainTitle;
  const lost = state.everOnline && !state.online;
  const calm = lost ? word('title-offline') : quiet;
  const title = ringing && odd ? word('title-rings') : calm;
  if (document.title !== title) document.title = title;
}
