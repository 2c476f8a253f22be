// Calls a visitor back to this page: by a mark in the title, and by a soft sound where they have asked for it. A sound
// that nobody asked for could give somebody away.

const title = document.title;
const choice = document.getElementById('sound');
let speaker = null;

function tone(start, pitch) {
  const source = speaker.createOscillator();
  const loudness = speaker.createGain();
  source.frequency.value = pitch;
  loudness.gain.setValueAtTime(0.12, speaker.currentTime + start);
  loudness.gain.exponentialRampToValueAtTime(0.001, speaker.currentTime + start + 0.5);
  source.connect(loudness).connect(speaker.destination);
  source.start(speaker.currentTime + start);
  source.stop(speaker.currentTime + start + 0.5);
}

function ring() {
  if (!choice?.checked || speaker?.state !== 'running') return;
  tone(0, 523);
  tone(0.25, 659);
}

/** The sound is offered where the browser can make one; ticking lets it be heard once. */
export function offerSound() {
  if (!choice) return;
  if (!window.AudioContext) {
    choice.closest('label').hidden = true;
    return;
  }
  choice.addEventListener('change', async () => {
    if (!choice.checked) return;
    speaker ??= new AudioContext();
    await speaker.resume();
    ring();
  });
}

/** Marks the title while the page is out of sight. */
export function markTitle() {
  if (document.hidden) document.title = `(1) ${title}`;
}

/** A counsellor has joined. */
export function callBack() {
  ring();
  markTitle();
}

document.addEventListener('visibilitychange', () => { if (!document.hidden) document.title = title; });
