// Runs before anything is drawn: going back after a quick exit shows nothing. Coming again on purpose does.
(function () {
  const root = document.documentElement;

  function hasLeft() {
    try { return sessionStorage.getItem('left') === '1'; } catch { return root.classList.contains('left'); }
  }

  function stayAway() {
    root.classList.add('left');
    window.location.replace('/exit');
  }

  const visit = performance.getEntriesByType('navigation')[0];
  if (hasLeft()) {
    if (visit && visit.type === 'back_forward') stayAway();
    else sessionStorage.removeItem('left');
  }
  // A page that the browser kept whole never gets to the lines above.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted && (hasLeft() || root.classList.contains('left'))) stayAway();
  });
})();
