"""Pictures that stand in for all pictures of the platforms: the same one for each address, another for each other."""

from __future__ import annotations

import hashlib
import io
from urllib.parse import urlsplit

from PIL import Image, ImageDraw
from werkzeug import Response

from local.simulator.messages import Request, answer

_SIZE = (640, 360)


def respond(request: Request) -> Response:
    """Answer a request for the picture at an address: a JPEG of stripes, in colours that follow from its path."""
    address = request.query.get("url", "")
    if not address:
        return answer({"error": "The query names no picture: url=https://..."}, 400)
    digest = hashlib.sha256(urlsplit(address).path.encode()).digest()
    ground, stripe = (digest[0], digest[1], digest[2]), (digest[3], digest[4], digest[5])
    drawn = Image.new("RGB", _SIZE, ground)
    width = 40 + digest[6] % 80
    for left in range(0, _SIZE[0], 2 * width):
        ImageDraw.Draw(drawn).rectangle((left, 0, left + width, _SIZE[1]), fill=stripe)
    out = io.BytesIO()
    drawn.save(out, "JPEG")
    return Response(out.getvalue(), content_type="image/jpeg")
