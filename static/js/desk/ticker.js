// A worker that ticks once a second. Browsers slow the timers of hidden pages down to one a minute;
// reconnecting and ringing can't wait that long, and workers are not slowed.
setInterval(() => postMessage(0), 1000);
