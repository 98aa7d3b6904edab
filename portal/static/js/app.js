// Everything here is an addition: each page works without it.
import 'htmx.org'
import './theme.js'
import './copy.js'
import './lti.js'
import './lti_close.js'
import './sortable.js'
import './timer.js'
import './zone.js'

// After a swap the focus must not fall to the body.
let focused = null
document.addEventListener('htmx:before:swap', () => { focused = document.activeElement?.id })
document.addEventListener('htmx:after:swap', () => {
  if (document.activeElement !== document.body) return
  const again = focused && document.getElementById(focused)
  ;(again || document.getElementById('main'))?.focus({ preventScroll: true })
})

// A menu closes when something else is clicked or Escape is pressed.
document.addEventListener('click', event => {
  for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false
})
document.addEventListener('keydown', event => {
  if (event.key !== 'Escape') return
  for (const menu of document.querySelectorAll('details.menu[open]')) { menu.open = false; menu.querySelector('summary').focus() }
})

// Filters are open on wide screens; on a phone they would hide what they filter.
if (matchMedia('(max-width: 59.99rem)').matches) for (const fold of document.querySelectorAll('details.fold')) fold.open = false

// A wide graph begins in its middle, where its first steps are.
for (const wrap of document.querySelectorAll('.graph-wrap')) wrap.scrollLeft = (wrap.scrollWidth - wrap.clientWidth) / 2
