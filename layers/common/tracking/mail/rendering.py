"""The mail as text and as HTML.

No pictures, no scripts, no tracking of who opens or presses what. Tables and inline styles, because that is what mail
programs show alike; 600 pixels wide, and narrower on a phone. Dark colours come by `prefers-color-scheme`, and the
light ones are such that programs which invert colours by themselves keep them readable (tests/unit/test_mail_looks.py).

Gmail cuts a mail at about 102 kB, and hides the link to unsubscribe with the rest. So fonts and colours are inherited,
only the first lines have links, and lines beyond a size are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from tracking.mail.digest import Digest, Kind, Line, Link, isolated

LIGHT = {
    "page": "#f3f4f6",
    "card": "#ffffff",
    "edge": "#e2e5ea",
    "text": "#14181f",
    "soft": "#545d6b",
    "link": "#1a56c4",
    "button": "#1a56c4",
    "on_button": "#ffffff",
    "ready": "#146c43",
    "trouble": "#b02a37",
    "accounts": "#1a56c4",
    "videos": "#6b3fa0",
    "webhooks": "#8a5000",
}
DARK = {
    "page": "#0e1116",
    "card": "#181c23",
    "edge": "#2c323c",
    "text": "#f0f2f5",
    "soft": "#a6b0be",
    "link": "#8ab4ff",
    "button": "#8ab4ff",
    "on_button": "#0e1116",
    "ready": "#5fd39a",
    "trouble": "#ff8a94",
    "accounts": "#8ab4ff",
    "videos": "#c9a6f5",
    "webhooks": "#f0b866",
}
"""The same parts on dark. The tests compute the contrast of each text on its ground: at least 4.5 to 1."""
FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_PADDING = "&#847;&zwnj;&nbsp;" * 60
"""Fills the preview in a list of mails, which would show the mail's begin after the preheader."""


LINKS_UNTIL = 45_000
"""Bytes of lines after which no line has links any more: the page has them."""
LINES_UNTIL = 80_000
"""Bytes of lines in a mail. Some 5,000 come with the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The surroundings of a mail's lines."""

    product: str  # the name that the reader knows
    organisation: str
    unsubscribe_url: str
    app_url: str = ""  # "": no button
    cadence: str = "soon"


def text(digest: Digest, frame: Frame) -> str:
    """Return the plain text. Lines are not wrapped: mail programs do that."""
    parts = [digest.headline, ""]
    for kind, lines in digest.sections:
        parts += [f"{kind.upper()} ({len(lines)})", *(row for line in lines for row in _text_rows(line)), ""]
    if digest.more:
        parts += [_more(digest.more), ""]
    if frame.app_url:
        parts += [f"Open {frame.product}: {frame.app_url}", ""]
    parts += ["-- ", *_foot(digest, frame), f"No more of these mails: {frame.unsubscribe_url}"]
    return "\n".join(parts) + "\n"


def html(digest: Digest, frame: Frame) -> str:
    """Return the HTML. Every text of others is escaped."""
    sections, hidden = _sections(digest)
    more = digest.more + hidden
    counted = _tag("p", "soft", _more(more), "margin:20px 0 0") if more else ""
    button = _button(frame) if frame.app_url else ""
    heading = f'<h1 style="{_HEADING}">{escape(digest.headline)}</h1>'
    link = _tag("a", "soft", "Unsubscribe", "text-decoration:underline", f' href="{escape(frame.unsubscribe_url)}"')
    foot = "<br>".join([*map(escape, _foot(digest, frame)), link])
    place = f" {_tag('span', 'soft', f'&#183; <bdi>{escape(frame.organisation)}</bdi>', 'font-weight:400')}"
    rows = (
        f"<tr>{_tag('td', 'text', escape(frame.product) + place, f'{_TOP};{_FONT}')}</tr>"
        f'<tr><td class="card text" style="{_CARD}">{heading}{sections}{counted}{button}</td></tr>'
        f"<tr>{_tag('td', 'soft', foot, f'font-size:13px;line-height:1.6;padding:18px 4px 0;{_FONT}')}</tr>"
    )
    return f"""<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no">
<title>{escape(digest.headline)}</title>
<style>{_STYLES}</style>
</head>
<body class="page" style="margin:0;padding:0;background:{LIGHT["page"]};-webkit-text-size-adjust:100%">
<div style="display:none;max-height:0;overflow:hidden">{escape(digest.preheader)}{_PADDING}</div>
<table {_TABLE} class="page" width="100%" style="background:{LIGHT["page"]}">
<tr><td align="center" class="outer" style="padding:32px 16px">
<table {_TABLE} width="600" style="width:100%;max-width:600px">{rows}</table>
</td></tr>
</table>
</body>
</html>
"""


_TABLE = 'role="presentation" cellpadding="0" cellspacing="0" border="0"'
_FONT = f"font-family:{FONT}"
_TOP = "font-size:15px;font-weight:600;padding:0 4px 14px"
_HEADING = "font-size:24px;line-height:1.3;font-weight:700;margin:0;overflow-wrap:anywhere;text-wrap:balance"
_CARD = (
    f"background:{LIGHT['card']};border:1px solid {LIGHT['edge']};border-radius:12px;padding:32px;"
    f"color:{LIGHT['text']};{_FONT};font-size:15px;line-height:1.5"
)


def _tag(name: str, colour: str, content: str, style: str = "", attributes: str = "") -> str:
    """Return an element in one of the colours, which is its class, too: the dark colours come by it."""
    full = f"color:{LIGHT[colour]};{style}".rstrip(";")
    return f'<{name} class="{colour}" style="{full}"{attributes}>{content}</{name}>'


def _sections(digest: Digest) -> tuple[str, int]:
    """Return the sections, and how many lines have no room in them."""
    parts: list[str] = []
    size = hidden = 0
    for kind, lines in digest.sections:
        rows: list[str] = []
        for line in lines:
            row = _row(line, is_first=not rows, has_links=size < LINKS_UNTIL)
            if size + len(row.encode()) > LINES_UNTIL:
                hidden += 1
                continue
            size += len(row.encode())
            rows.append(row)
        if rows:
            parts.append(_section(kind, len(lines), "".join(rows)))
    return "".join(parts), hidden


def _section(kind: Kind, number: int, rows: str) -> str:
    count = _tag("span", "soft", str(number), "font-weight:400")
    style = "font-size:14px;line-height:1.4;font-weight:700;margin:28px 0 0"
    heading = _tag("h2", kind.name.lower(), f"{kind} {count}", style)
    return f'{heading}<table {_TABLE} width="100%" style="margin:4px 0 0">{rows}</table>'


def _row(line: Line, *, is_first: bool, has_links: bool) -> str:
    edge = "" if is_first else f"border-top:1px solid {LIGHT['edge']};"
    place = f" {_tag('span', 'soft', escape(line.place))}" if line.place else ""
    step = f" {_tag('span', 'soft', escape(line.next_step))}" if line.next_step else ""
    links = _links(line) if has_links else ""
    style = f"{edge}padding:10px 0;overflow-wrap:anywhere"
    name = f"<b><bdi>{escape(line.name)}</bdi></b>"
    return f'<tr class="row"><td style="{style}">{name}{place}<br>{escape(_sentence(line))}{step}{links}</td></tr>'


def _links(line: Line) -> str:
    found = "".join(f"<br>&#8226;&nbsp;{_link(link)}" for link in line.links)
    return found + (f"<br>{_tag('span', 'soft', f'and {line.others:,} more')}" if line.others else "")


def _link(link: Link) -> str:
    title = f"<bdi>{escape(link.title)}</bdi>"
    return _tag("a", "link", title, "", f' href="{escape(link.url)}"') if link.url else title


def _button(frame: Frame) -> str:
    style = "display:inline-block;padding:12px 22px;font-size:15px;font-weight:600;text-decoration:none"
    label = _tag("a", "on_button", f"Open {escape(frame.product)}", style, f' href="{escape(frame.app_url)}"')
    cell = f'<td class="button" style="background:{LIGHT["button"]};border-radius:8px">{label}</td>'
    return f'<table {_TABLE} style="margin:28px 0 0"><tr>{cell}</tr></table>'


def _text_rows(line: Line) -> list[str]:
    place = f" ({line.place})" if line.place else ""
    rows = [f"* {isolated(line.name)}{place}: {_sentence(line)} {line.next_step}".rstrip()]
    rows += [f"  - {isolated(link.title)} {link.url}".rstrip() for link in line.links]
    return rows + ([f"  and {line.others:,} more"] if line.others else [])


def _sentence(line: Line) -> str:
    """Return the line's text as it stands below the name: "has 4 new videos." as "4 new videos."."""
    text = line.text.removeprefix("has ")
    return text[:1].upper() + text[1:]


def _more(number: int) -> str:
    return f"… and {number:,} more"


def _foot(digest: Digest, frame: Frame) -> list[str]:
    """Return why the reader gets the mail, and how to get others."""
    of_webhooks = all(line.kind is Kind.WEBHOOKS for line in digest.lines) and not digest.more
    why = "manage webhooks" if of_webhooks else "track accounts"
    rate = {"daily": " Once a day.", "weekly": " Once a week."}.get(frame.cadence, "")
    return [
        f"You get this mail because you {why} in {frame.product}, for {isolated(frame.organisation)}.{rate}",
        "The app's settings say which mails come, and how often.",
    ]


def _dark(selector: str, property_name: str, colour: str) -> str:
    return f"{selector}{{{property_name}:{DARK[colour]}!important}}"


_TEXT_CLASSES = ("text", "soft", "link", "on_button", *(kind.name.lower() for kind in Kind))
_STYLES = (
    ":root{color-scheme:light dark;supported-color-schemes:light dark}"
    # Outlook inherits no font into tables.
    f"td,h1,h2,p,a,span,b{{{_FONT}}}"
    "@media (max-width:480px){.outer{padding:16px 8px!important}.card{padding:22px 18px!important}}"
    "@media (prefers-color-scheme:dark){"
    + "".join(_dark(f".{name}", "background", name) for name in ("page", "card", "button"))
    + "".join(_dark(f".{name}", "color", name) for name in _TEXT_CLASSES)
    + "".join(_dark(selector, "border-color", "edge") for selector in (".card", ".row td"))
    + "}"
)
