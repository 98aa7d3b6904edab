// Reads one or several calendars from standard input with ical.js and prints its events as JSON.
import ICAL from 'ical.js'

let text = ''
for await (const chunk of process.stdin) text += chunk
const parsed = ICAL.parse(text)
const roots = (Array.isArray(parsed[0]) ? parsed : [parsed]).map(calendar => new ICAL.Component(calendar))
for (const root of roots) for (const zone of root.getAllSubcomponents('vtimezone')) ICAL.TimezoneService.register(zone)
const events = roots.flatMap(root => root.getAllSubcomponents('vevent')).map(part => {
  const event = new ICAL.Event(part)
  return { uid: event.uid, title: event.summary, start: event.startDate.toJSDate().toISOString().replace('.000', ''), sequence: event.sequence }
})
process.stdout.write(JSON.stringify(events))
