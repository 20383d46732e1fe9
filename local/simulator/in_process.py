"""The simulated platforms without sockets: for programs that move the clock themselves."""

from __future__ import annotations

import httpx
from werkzeug.test import EnvironBuilder

from local.simulator.messages import Request
from local.simulator.server import Simulator
from tracking.settings import PlatformSettings

SETTINGS = PlatformSettings(
    youtube_api_url="http://simulator/youtube/v3",
    x_api_url="http://simulator/x/2",
    apify_api_url="http://simulator/apify/v2",
)


def answer(simulator: Simulator, request: httpx.Request) -> httpx.Response:
    """Return the simulator's answer to a request of httpx, which may go to any host."""
    path = request.url.raw_path.decode()
    sent = EnvironBuilder(path, method=request.method, headers=[*request.headers.items()], data=request.content)
    response = simulator.respond(Request(sent.get_environ()))
    return httpx.Response(response.status_code, headers=[*response.headers], content=response.get_data())
