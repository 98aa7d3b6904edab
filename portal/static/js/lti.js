// The steps of a launch inside a platform's frame. Without scripts each page has a button or a link that goes on.
const { lti, url, key, value, frame, origin, here } = document.getElementById('lti')?.dataset ?? {}
const outer = window.opener || window.parent

// A frame of the platform keeps data for tools (LTI Client Side postMessages): one question, one answer, from one origin.
function ask(subject, more) {
  return new Promise(resolve => {
    const id = crypto.getRandomValues(new Uint32Array(4)).join('-') // randomUUID is not there inside a page over plain http
    let target
    try { target = !frame || frame === '_parent' ? outer : outer.frames[frame] } catch { target = null }
    if (!target || target === window || !origin) return resolve(null)
    const give = answer => { removeEventListener('message', hear); clearTimeout(wait); resolve(answer) }
    const hear = event => {
      const said = event.data
      if (event.origin !== origin || event.source !== target || said?.message_id !== id || said?.subject !== subject + '.response') return
      give(said.error ? null : said)
    }
    const wait = setTimeout(give, 1500, null)
    addEventListener('message', hear)
    target.postMessage({ subject, message_id: id, key, ...more }, origin)
  })
}

if (lti === 'keep') {
  await ask('lti.put_data', { value })
  location.replace(url)
} else if (lti === 'prove') {
  const form = document.getElementById('prove')
  form.elements.stored.value = (await ask('lti.get_data'))?.value ?? ''
  form.submit()
} else if (lti === 'enter') {
  const kept = await fetch(here, { credentials: 'same-origin' }).then(answer => answer.ok, () => false)
  if (kept) location.replace(url)
} else if (lti === 'return') {
  document.getElementById('return').submit()
} else if ('embed' in document.body.dataset && window.parent !== window) {
  // The frame grows with its page; the height is no secret, so any parent may hear it.
  const shell = document.querySelector('.shell')
  const tell = () => window.parent.postMessage({ subject: 'lti.frameResize', height: Math.ceil(shell.getBoundingClientRect().height) }, '*')
  if (shell) new ResizeObserver(tell).observe(shell)
}
