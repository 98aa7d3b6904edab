// Fills in the browser's time zone where a form asks for one and nothing was chosen yet.
for (const box of document.querySelectorAll('[data-controller="zone"]')) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (!box.dataset.chosen && [...box.options].some(option => option.value === zone)) box.value = zone
}
