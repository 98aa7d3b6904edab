// Says something to screen readers.
export const say = text => { document.getElementById('live').textContent = text }
