// Leaves at once: by the button, or by Shift pressed three times. Without scripts the button is a plain link.

const PRESSES = 3;
const WITHIN_MS = 1500;

const button = document.getElementById('quick-exit');
const said = document.getElementById('quick-exit-said');
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

function leave() {
  vanish();
  others?.postMessage('leave');
  try {
    if (!navigator.sendBeacon(button.href)) throw new Error('not queued');
  } catch {
    fetch(button.href, { method: 'POST', keepalive: true }).catch(() => { /* the page that follows ends the session too */ });
  }
  document.body.replaceChildren();
  window.location.replace(button.href);
}

function pressed() {
  const now = Date.now();
  presses = presses.filter((moment) => now - moment < WITHIN_MS);
  presses.push(now);
  if (presses.length >= PRESSES) leave();
  else said.textContent = presses.length === 1 ? button.dataset.twoMore : button.dataset.oneMore;
}

if (button) {
  button.addEventListener('click', (event) => {
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
    document.body.replaceChildren();
    window.location.replace(button.href);
  });
}
