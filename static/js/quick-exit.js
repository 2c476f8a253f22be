// Leaves at once: by the button, or by Shift pressed three times. Without scripts the button is a plain link.

const PRESSES = 3;
const WITHIN_MS = 1500;

// Other tabs of this site in this browser leave too.
const others = 'BroadcastChannel' in window ? new BroadcastChannel('leave') : null;
let presses = [];
let shiftAlone = false;

function vanish() {
  document.documentElement.classList.add('left');
  document.title = '\u00a0';
  try {
    sessionStorage.clear();
    sessionStorage.setItem('left', '1');
  } catch { /* storage may be switched off */ }
  window.dispatchEvent(new Event('quick-exit'));
}

// This runs while the page is still loading, so nothing of it is taken for granted.
const wayOut = () => document.getElementById('quick-exit');

function go(address) {
  document.body?.replaceChildren();
  window.location.replace(address);
}

function leave() {
  const address = wayOut()?.href ?? '/exit';
  vanish();
  others?.postMessage('leave');
  try {
    if (!navigator.sendBeacon(address)) throw new Error('not queued');
  } catch {
    fetch(address, { method: 'POST', keepalive: true }).catch(() => { /* the page that follows ends the session too */ });
  }
  go(address);
}

function pressed() {
  const now = Date.now();
  presses = presses.filter((moment) => now - moment < WITHIN_MS);
  presses.push(now);
  if (presses.length >= PRESSES) {
    leave();
    return;
  }
  const said = document.getElementById('quick-exit-said');
  const { twoMore, oneMore } = wayOut()?.dataset ?? {};
  if (said) said.textContent = presses.length === 1 ? twoMore : oneMore;
}

document.addEventListener('click', (event) => {
  if (!wayOut()?.contains(event.target)) return;
  event.preventDefault();
  leave();
});
// Shift counts when nothing else is pressed with it: whoever types capitals doesn't leave by accident.
document.addEventListener('keydown', (event) => {
  if (event.repeat) return;
  shiftAlone = event.key === 'Shift';
  if (!shiftAlone) presses = [];
});
document.addEventListener('keyup', (event) => {
  if (event.key !== 'Shift' || !shiftAlone) return;
  shiftAlone = false;
  pressed();
});
document.addEventListener('pointerdown', () => {
  shiftAlone = false;
  presses = [];
});
others?.addEventListener('message', () => {
  vanish();
  go(wayOut()?.href ?? '/exit');
});
