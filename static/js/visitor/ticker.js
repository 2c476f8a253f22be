// A clock in a worker: browsers slow the timers of pages that are not in front, but not these.
setInterval(() => postMessage(0), 1000);
