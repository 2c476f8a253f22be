// The HTTP twins of the socket's events, for when no socket can be had.

const ANSWER_MS = 8000;

const room = document.getElementById('room');

async function exchange(address, fields) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), ANSWER_MS);
  try {
    const answer = await fetch(address, {
      method: fields ? 'POST' : 'GET',
      headers: { Accept: 'application/json' },
      body: fields && new URLSearchParams({ ...fields, csrf_token: room.dataset.csrf }),
      cache: 'no-store',
      signal: stop.signal,
    });
    if (answer.headers.get('Content-Type')?.includes('json')) return await answer.json();
    return { ok: false, error: answer.status === 404 || answer.status === 410 ? 'not_found' : 'unavailable' };
  } finally {
    clearTimeout(timer);
  }
}

/** The answer to an event by HTTP; throws when there is none. */
export function askByHttp(event, data) {
  if (event === 'sync') return exchange(`${room.dataset.transcriptUrl}?after=${data.after}`);
  if (event === 'say') return exchange(room.dataset.sayUrl, data);
  if (event === 'leave') return exchange(room.dataset.leaveUrl, {});
  if (event === 'summary') return exchange(room.dataset.summaryUrl, data);
  if (event === 'agree') return exchange(room.dataset.agreeUrl, data);
  return Promise.resolve({ ok: true }); // read and typing have no twin, and nothing is lost without them
}
