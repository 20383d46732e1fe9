"""The mail as text and as HTML.

No pictures, no scripts, no tracking of who opens or presses what. Tables and inline styles, because that is what mail
programs show alike; 600 pixels wide, and narrower on a phone. Dark colours come by `prefers-color-scheme`, and the
light ones are such that programs which invert colours by themselves keep them readable (tests/unit/test_mail_looks.py).
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The surroundings of a mail's lines."""

    product: str  # the name that the reader knows
    unsubscribe_url: str
    app_url: str = ""  # "": no button
    why: str = "You get this mail because you track accounts"
    cadence: str = "soon"


def text(digest: Digest, frame: Frame) -> str:
    """Return the plain text. Lines are not wrapped: mail programs do that."""
    parts = [digest.headline, ""]
    for kind, lines in digest.sections:
        parts += [f"{kind.upper()} ({len(lines)})", *(row for line in lines for row in _text_rows(line)), ""]
    if digest.more:
        parts += [_more(digest), ""]
    if frame.app_url:
        parts += [f"Open {frame.product}: {frame.app_url}", ""]
    parts += ["-- ", f"{_why(frame)}", f"No more of these mails: {frame.unsubscribe_url}"]
    return "\n".join(parts) + "\n"


def html(digest: Digest, frame: Frame) -> str:
    """Return the HTML. Every text of others is escaped."""
    sections = "".join(_section(kind, lines) for kind, lines in digest.sections)
    more = _tag("p", "soft", escape(_more(digest)), "margin:20px 0 0") if digest.more else ""
    button = _button(frame) if frame.app_url else ""
    heading = _tag("h1", "text", escape(digest.headline), _HEADING)
    links = [_small_link("Settings", frame.app_url)] if frame.app_url else []
    links.append(_small_link("Unsubscribe", frame.unsubscribe_url))
    foot = f"{escape(_why(frame))}<br>{' &nbsp;&#183;&nbsp; '.join(links)}"
    rows = (
        f"<tr>{_tag('td', 'text', escape(frame.product), 'font-size:15px;font-weight:600;padding:0 4px 14px')}</tr>"
        f'<tr><td class="card" style="{_CARD}">{heading}{sections}{more}{button}</td></tr>'
        f"<tr>{_tag('td', 'soft', foot, 'font-size:13px;line-height:1.6;padding:18px 4px 0')}</tr>"
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
_HEADING = "font-size:24px;line-height:1.3;font-weight:700;margin:0;overflow-wrap:anywhere"
_CARD = f"background:{LIGHT['card']};border:1px solid {LIGHT['edge']};border-radius:12px;padding:32px"
_ROW = "font-size:15px;line-height:1.5;padding:10px 0;overflow-wrap:anywhere"


def _tag(name: str, colour: str, content: str, style: str = "", attributes: str = "") -> str:
    """Return an element in one of the colours, which is its class, too: the dark colours come by it."""
    full = f"font-family:{FONT};color:{LIGHT[colour]};{style}"
    return f'<{name} class="{colour}" style="{full}"{attributes}>{content}</{name}>'


def _small_link(title: str, url: str) -> str:
    return _tag("a", "soft", escape(title), "text-decoration:underline", f' href="{escape(url)}"')


def _section(kind: Kind, lines: tuple[Line, ...]) -> str:
    number = _tag("span", "soft", str(len(lines)), "font-weight:400")
    style = "font-size:14px;line-height:1.4;font-weight:700;margin:28px 0 0"
    heading = _tag("h2", kind.name.lower(), f"{kind} {number}", style)
    rows = "".join(_row(line, is_first=position == 0) for position, line in enumerate(lines))
    return f'{heading}<table {_TABLE} width="100%" style="margin:4px 0 0">{rows}</table>'


def _row(line: Line, *, is_first: bool) -> str:
    edge = "" if is_first else f"border-top:1px solid {LIGHT['edge']};"
    name = f'<span style="font-weight:600"><bdi>{escape(line.name)}</bdi></span>'
    place = f" {_tag('span', 'soft', escape(line.place))}" if line.place else ""
    step = f" {_tag('span', 'soft', escape(line.next_step))}" if line.next_step else ""
    links = "".join(map(_link, line.links))
    if line.others:
        links += f"<br>{_tag('span', 'soft', f'and {line.others:,} more')}"
    cell = _tag("td", "text", f"{name}{place}<br>{escape(_sentence(line))}{step}{links}", edge + _ROW)
    return f'<tr class="row">{cell}</tr>'


def _link(link: Link) -> str:
    title = f"<bdi>{escape(link.title)}</bdi>"
    if link.url:
        title = _tag("a", "link", title, "text-decoration:underline", f' href="{escape(link.url)}"')
    return f"<br>{_tag('span', 'soft', '&#8226;&nbsp;')}{title}"


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


def _more(digest: Digest) -> str:
    return f"… and {digest.more:,} more"


def _why(frame: Frame) -> str:
    rate = {"daily": " Once a day.", "weekly": " Once a week."}.get(frame.cadence, "")
    return f"{frame.why} in {frame.product}.{rate}"


def _dark(selector: str, property_name: str, colour: str) -> str:
    return f"{selector}{{{property_name}:{DARK[colour]}!important}}"


_TEXT_CLASSES = ("text", "soft", "link", "on_button", *(kind.name.lower() for kind in Kind))
_STYLES = (
    ":root{color-scheme:light dark;supported-color-schemes:light dark}"
    "@media (max-width:480px){.outer{padding:16px 8px!important}.card{padding:22px 18px!important}}"
    "@media (prefers-color-scheme:dark){"
    + "".join(_dark(f".{name}", "background", name) for name in ("page", "card", "button"))
    + "".join(_dark(f".{name}", "color", name) for name in _TEXT_CLASSES)
    + "".join(_dark(selector, "border-color", "edge") for selector in (".card", ".row td"))
    + "}"
)
