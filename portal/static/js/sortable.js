// Lists whose order is kept on the server. Drag with mouse or finger, or focus a handle: Space picks up,
// arrows move, Space drops, Escape puts back. A failed save puts everything back and says so.
import Sortable from 'sortablejs'
import { say } from './live.js'

const order = list => [...list.children].map(item => item.dataset.id)
const name = item => item.dataset.name
const place = (list, ids) => ids.forEach(id => list.append(list.querySelector(`:scope > [data-id="${id}"]`)))
const renumber = () => document.querySelectorAll('[data-controller="sortable"] > li .num').forEach((cell, index) => { cell.textContent = index + 1 })

async function save(list, before, item) {
  const body = new URLSearchParams(order(list).map(id => ['order', id]))
  body.set('revision', document.querySelector('[data-revision]').dataset.revision)
  let answer = null
  try { answer = await fetch(list.dataset.url, { method: 'POST', body, headers: { 'X-CSRFToken': document.querySelector('meta[name=csrf-token]').content, Accept: 'application/json' } }) } catch { /* offline */ }
  if (!answer?.ok) { place(list, before); renumber(); return say(list.dataset.failed) }
  document.querySelectorAll('[data-revision]').forEach(async box => { box.dataset.revision = (await answer.clone().json()).revision })
  document.querySelectorAll('input[name=revision]').forEach(async box => { box.value = (await answer.clone().json()).revision })
  renumber()
  say(`${name(item)}: ${order(list).indexOf(item.dataset.id) + 1} / ${list.children.length}`)
}

function enhance(list) {
  if (list.dataset.ready) return
  list.dataset.ready = '1'
  let before = []
  Sortable.create(list, {
    handle: '.grip', animation: 120, delay: 120, delayOnTouchOnly: true,
    onStart: () => { before = order(list) },
    onEnd: event => { if (event.oldIndex !== event.newIndex) save(list, before, event.item) },
  })
  for (const handle of list.querySelectorAll('.grip')) handle.hidden = false
}

let held = null
document.addEventListener('keydown', event => {
  const handle = event.target.closest?.('.grip')
  const item = handle?.closest('[data-controller="sortable"] > li')
  if (!item) return
  const list = item.parentElement
  if (event.key === ' ' || (held && event.key === 'Enter')) {
    event.preventDefault()
    if (!held) { held = { item, before: order(list) }; item.classList.add('held'); return say(list.dataset.picked) }
    const { before } = held
    held = null
    item.classList.remove('held')
    if (before.join() !== order(list).join()) save(list, before, item)
  } else if (held?.item === item && event.key === 'Escape') {
    event.preventDefault()
    place(list, held.before)
    item.classList.remove('held')
    held = null
    handle.focus()
  } else if (held?.item === item && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault()
    const other = event.key === 'ArrowUp' ? item.previousElementSibling : item.nextElementSibling
    if (other) event.key === 'ArrowUp' ? other.before(item) : other.after(item)
    handle.focus()
    say(`${order(list).indexOf(item.dataset.id) + 1} / ${list.children.length}`)
  }
})

const all = () => document.querySelectorAll('[data-controller="sortable"]').forEach(enhance)
all()
document.addEventListener('htmx:after:swap', all)
