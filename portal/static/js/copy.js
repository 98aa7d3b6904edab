import { say } from './live.js'

document.addEventListener('click', async event => {
  const button = event.target.closest('[data-copy]')
  if (!button) return
  await navigator.clipboard.writeText(button.dataset.copy)
  say(button.dataset.said)
  button.textContent = button.dataset.said
})
