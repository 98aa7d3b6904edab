// The clock of a running activity: counts on from what the server measured.
const two = number => String(number).padStart(2, '0')
function tick() {
  for (const clock of document.querySelectorAll('[data-since]')) {
    const seconds = Number(clock.dataset.seconds || 0) + Math.max(0, Math.floor((Date.now() - Date.parse(clock.dataset.since)) / 1000))
    clock.textContent = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  }
}
tick()
setInterval(tick, 1000)
