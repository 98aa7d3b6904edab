// Light, dark or the system's: kept on this device. In an embedded page storage may throw; then the system decides.
const read = () => { try { return localStorage.getItem('theme') } catch { return null } }
const apply = theme => { theme && theme !== 'system' ? (document.documentElement.dataset.theme = theme) : delete document.documentElement.dataset.theme }
apply(read())
const select = () => document.querySelector('[data-controller="theme"]')
const init = () => { const box = select(); if (box) { box.value = read() || 'system'; box.closest('[hidden]')?.removeAttribute('hidden') } }
document.addEventListener('DOMContentLoaded', init)
if (document.readyState !== 'loading') init()
document.addEventListener('change', event => {
  if (event.target !== select()) return
  try { localStorage.setItem('theme', event.target.value) } catch { /* not kept */ }
  apply(event.target.value)
})
