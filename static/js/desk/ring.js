// Ringing: sound without a file, and a title that alternates. Neither says who or what.
import { activeChats, onChange, state } from './state.js';
import { byId, show, word } from './dom.js';
import { onTick } from './link.js';
import { serverNow } from './time.js';

const EVERY_S = 2;
const plainTitle = document.title;
let audio = null;
let playing = null; // {gain, until}
let odd = false;

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
  byId('sound-off').addEventListener('click', () => wake().then(chime));
  byId('test-sound').addEventListener('click', () => wake().then(chime));
  onChange(ring);
  onTick(() => {
    odd = !odd;
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

/** Two soft rising notes at `at` seconds of the audio clock. */
function notes(at, into) {
  for (const [pitch, delay] of [[660, 0], [880, 0.18]]) {
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

function chime() {
  if (audio?.state === 'running') notes(audio.currentTime + 0.05, audio.destination);
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
  const title = ringing && odd ? word('title-rings') : quiet;
  if (document.title !== title) document.title = title;
}
