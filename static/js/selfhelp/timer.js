/* A calm countdown: no sound, nothing moves but the time. What is said meanwhile is read out about once a minute. */

const shown = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

for (const timer of document.querySelectorAll(".timer")) {
  const whole = Number(timer.dataset.minutes) * 60;
  const left = timer.querySelector(".timer-left");
  const says = timer.querySelector(".timer-says");
  const button = timer.querySelector("button");
  const during = [...timer.querySelectorAll(".timer-during li")].map((line) => line.textContent);
  let until = null;
  let clock = null;

  const show = (seconds) => { left.textContent = shown(seconds); };
  const say = (words) => { if (says.textContent !== words) says.textContent = words; };
  const stop = (words) => {
    clearInterval(clock);
    clock = null;
    button.textContent = button.dataset.start;
    show(whole);
    say(words);
  };
  const tick = () => {
    const seconds = Math.max(0, Math.round((until - performance.now()) / 1000));
    show(seconds);
    if (seconds === 0) stop(says.dataset.over);
    else if (during.length) say(during[Math.min(during.length - 1, Math.floor(((whole - seconds) / whole) * during.length))]);
  };

  button.addEventListener("click", () => {
    if (clock !== null) {
      stop("");
      return;
    }
    until = performance.now() + whole * 1000;
    button.textContent = button.dataset.stop;
    clock = setInterval(tick, 1000);
    tick();
  });
  addEventListener("quick-exit", () => clearInterval(clock));
  stop("");
  for (const part of timer.querySelectorAll(".timer-clock, .timer-during")) part.hidden = true;
  timer.querySelector(".timer-run").hidden = false;
}
