"""Plans as small SVG pictures: a column a day, as tall as its minutes; light and dark follow the reader's system."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from html import escape
from textwrap import wrap

from portal.pacing.results import Plan, Slot
from portal.pacing.types import ClassCalendar, Learner, SlotStatus

WIDTH = 760
_COLUMN, _LEFT, _GAP, _SCALE = 68, 6, 4, 1.1
_LINE, _OPENS = 120, 8 * 60
_LIGHT = (
    ("#f5ecfb", "#8a4bb8"),
    ("#e9f0fd", "#2a63c4"),
    ("#e0f5f1", "#0f7a6c"),
    ("#fcf0dd", "#8f5207"),
    ("#fdecea", "#b0423d"),
    ("#fcebf4", "#a83a76"),
)
_DARK = (
    ("#2c1f37", "#cfa0ee"),
    ("#1a2740", "#8fb4f7"),
    ("#112f2a", "#68d0bf"),
    ("#33260f", "#e6b268"),
    ("#3a1f1d", "#f29b95"),
    ("#381d2c", "#ee9bc6"),
)
_BASE_LIGHT = {"bg": "#ffffff", "text": "#1d1d1b", "muted": "#5d5d57", "line": "#dcdcd6", "day": "#f4f4f1"}
_BASE_DARK = {"bg": "#191a1f", "text": "#ececf0", "muted": "#a9acb8", "line": "#33363f", "day": "#22242b"}
_SIGNALS_LIGHT = {"accent": "#2563c9", "bad": "#b3372f"}
_SIGNALS_DARK = {"accent": "#7ba4f5", "bad": "#f08d84"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One plan under a title. ``before`` leaves dashed outlines where moved slots were; ``marks`` name days.

    ``until`` draws a line after a day, with its label; ``notice`` shades so many days from ``today`` on.
    ``lines`` stand below.
    """

    title: str
    plan: Plan
    calendar: ClassCalendar
    learner: Learner = field(default_factory=Learner)
    before: Plan | None = None
    marks: tuple[tuple[date, str], ...] = ()
    until: tuple[date, str] | None = None
    today: date | None = None
    notice: int = 0
    note: str = ""
    lines: tuple[str, ...] = ()


def draw(label: str, panels: tuple[Panel, ...], days: tuple[date, ...], names: tuple[str, ...]) -> str:
    """The picture of plans over the same days; ``names`` are the steps' ids, in the order of their colours."""
    parts, top = [], 0.0
    for panel in panels:
        drawn, height = _panel(panel, days, names, top)
        parts += drawn
        top += height
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_n(top)}" role="img">',
            f"<title>{escape(label)}</title>",
            f"<style>{_style()}</style>",
            '<defs><pattern id="off" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            '<path class="hatch" d="M0 0V7"/></pattern></defs>',
            f'<rect class="bg" width="{WIDTH}" height="{_n(top)}" rx="10"/>',
            *parts,
            "</svg>\n",
        )
    )


def _style() -> str:
    rules = [
        "text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;fill:var(--text)}",
        ".h{font-size:13px;font-weight:600}.m{fill:var(--muted)}.b{font-weight:600}.e{text-anchor:end}",
        ".bg{fill:var(--bg)}.day{fill:var(--day)}.off{fill:url(#off)}.hatch{stroke:var(--line);stroke-width:3}",
        ".ghost{fill:none;stroke:var(--muted);stroke-dasharray:3 3}.moved{stroke:var(--accent);stroke-width:2}",
        ".late{stroke:var(--bad);stroke-width:2}.bad{fill:var(--bad)}.end{stroke:var(--bad);stroke-dasharray:5 3}",
        ".acc{fill:var(--accent)}.notice{fill:var(--accent);opacity:.14}.done{opacity:.5}",
        *(f".c{n}{{fill:var(--s{n})}}.t{n}{{fill:var(--t{n})}}" for n in range(len(_LIGHT))),
    ]
    light, dark = _variables(_LIGHT, _BASE_LIGHT | _SIGNALS_LIGHT), _variables(_DARK, _BASE_DARK | _SIGNALS_DARK)
    return f"svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}{''.join(rules)}"


def _variables(colours: tuple[tuple[str, str], ...], base: dict[str, str]) -> str:
    found = {**base}
    for number, (soft, strong) in enumerate(colours):
        found |= {f"s{number}": soft, f"t{number}": strong}
    return ";".join(f"--{name}:{value}" for name, value in found.items())


def _panel(panel: Panel, days: tuple[date, ...], names: tuple[str, ...], top: float) -> tuple[list[str], float]:
    tallest = max(_tallest(panel, on) for on in days)
    body = top + 62
    parts = [_text(14, top + 26, panel.title, "h")]
    if panel.note:
        parts.append(_text(WIDTH - 14, top + 26, panel.note, "m e"))
    for column, on in enumerate(days):
        parts += _day(panel, on, _x(column), body)
    marks = dict(panel.marks)
    parts += [_text(_x(days.index(on)) + 4, body + tallest * _SCALE + 13, text, "m") for on, text in marks.items()]
    for slot in () if panel.before is None else panel.before.slots:
        if slot.on in days and _at(slot) not in {_at(each) for each in panel.plan.slots}:
            parts.append(_block(slot, days, names, body, "ghost"))
    parts += [_block(slot, days, names, body, _state(panel, slot)) for slot in panel.plan.slots if slot.on in days]
    height = 62 + tallest * _SCALE + (20 if marks else 8)
    lines = [piece for line in panel.lines for piece in wrap(line, _LINE, subsequent_indent="\N{EM SPACE}")]
    parts += [_text(14, top + height + 18 * number, line, "m") for number, line in enumerate(lines, 1)]
    height += 18 * len(lines) + (10 if lines else 0)
    if panel.until is not None:
        parts += _end(panel, days, body, tallest * _SCALE)
    return parts, height


def _tallest(panel: Panel, on: date) -> int:
    plans = [panel.plan, *([] if panel.before is None else [panel.before])]
    slots = [slot for each in plans for slot in each.slots if slot.on == on]
    return max([_minutes(panel, on), *(_since_opening(slot) + slot.minutes for slot in slots)])


def _minutes(panel: Panel, on: date) -> int:
    week = panel.learner.weekday_minutes or panel.calendar.weekday_minutes
    return 0 if on in panel.calendar.blackouts | panel.learner.leave else week[on.weekday()]


def _day(panel: Panel, on: date, x: float, body: float) -> list[str]:
    width, minutes = _COLUMN - _GAP, _minutes(panel, on)
    is_today = on == panel.today
    parts = [_text(x + 4, body - 8, f"{on:%a} {on.day}", "acc b" if is_today else "m")]
    if is_today:
        parts.append(_rect(x, body - 4, width, 2.5, "acc", radius=1))
    if minutes:
        parts.append(_rect(x, body, width, minutes * _SCALE, "day"))
    else:
        parts.append(_rect(x, body, width, max(panel.calendar.weekday_minutes) * _SCALE, "off"))
    if panel.today is not None and panel.today <= on < panel.today + timedelta(days=panel.notice):
        parts.append(_rect(x, body - 24, width + _GAP, 22, "notice", radius=0))
    return parts


def _state(panel: Panel, slot: Slot) -> str:
    if slot.status is not SlotStatus.PLANNED:
        return "done"
    if slot.step in {late.step for late in panel.plan.report.late} and panel.until and slot.on > panel.until[0]:
        return "late"
    if panel.before is not None and _at(slot) not in {_at(each) for each in panel.before.slots}:
        return "moved"
    return ""


def _at(slot: Slot) -> tuple[object, ...]:
    return slot.step, slot.starts_at, slot.minutes


def _since_opening(slot: Slot) -> int:
    """Minutes from the hour at which the pictures' days begin."""
    return slot.start.hour * 60 + slot.start.minute - _OPENS


def _block(slot: Slot, days: tuple[date, ...], names: tuple[str, ...], body: float, state: str) -> str:
    colour = names.index(str(slot.step)) % len(_LIGHT)
    x, y = _x(days.index(slot.on)), body + _since_opening(slot) * _SCALE
    height = slot.minutes * _SCALE
    if state == "ghost":
        return _rect(x + 2, y + 2, _COLUMN - _GAP - 4, height - 4, "ghost", radius=5)
    part = f" {slot.part}/{slot.parts}" if slot.parts > 1 else ""
    lines = [_text(x + 8, y + 15, f"{slot.step}{part}", f"b t{colour}")]
    if slot.pinned:
        lines.append(f'<circle class="acc" cx="{_n(x + _COLUMN - _GAP - 10)}" cy="{_n(y + 11)}" r="3.5"/>')
    if height >= 32:
        lines.append(_text(x + 8, y + 28, f"{slot.minutes} min", f"t{colour}"))
    shape = _rect(x + 1.5, y + 1.5, _COLUMN - _GAP - 3, height - 3, f"c{colour} {state}".strip(), radius=5)
    group = ' class="done"' if state == "done" else ""
    return f"<g{group}>{shape}{''.join(lines)}</g>"


def _end(panel: Panel, days: tuple[date, ...], body: float, height: float) -> list[str]:
    assert panel.until is not None  # noqa: S101  # the caller has asked
    on, label = panel.until
    x = _x(days.index(on)) + _COLUMN - _GAP / 2
    line = f'<path class="end" d="M{_n(x)} {_n(body - 22)}V{_n(body + height)}"/>'
    return [line, _text(x - 5, body - 24, label, "bad e")]


def _x(column: int) -> float:
    return _LEFT + column * _COLUMN


def _rect(x: float, y: float, width: float, height: float, style: str, *, radius: int = 6) -> str:
    place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
    return f'<rect class="{style}" {place} rx="{radius}"/>'


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{_n(x)}" y="{_n(y)}">{escape(text)}</text>'


def _n(value: float) -> str:
    return f"{round(value, 1):g}"
