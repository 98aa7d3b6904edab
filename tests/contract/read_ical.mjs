// Reads a calendar from standard input with ical.js and prints its events as JSON.
import ICAL from 'ical.js'

let text = ''
for await (const chunk of process.stdin) text += chunk
const root = new ICAL.Component(ICAL.parse(text))
for (const zone of root.getAllSubcomponents('vtimezone')) ICAL.TimezoneService.register(zone)
const events = root.getAllSubcomponents('vevent').map(part => {
  const event = new ICAL.Event(part)
  return { uid: event.uid, title: event.summary, start: event.startDate.toJSDate().toISOString().replace('.000', ''), sequence: event.sequence }
})
process.stdout.write(JSON.stringify(events))
