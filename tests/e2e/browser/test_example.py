"""The example that strangers copy, with the packed package, against the stack: from the sign-in to a listed account."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from local import auth, firestore, stack
from local.paths import LOCAL, STACK, WEB, clean_environment
from tests.e2e.browser.demo_page import ADA, LIMIT_MS
from tests.e2e.running import Project

DIST = LOCAL / "consumers/linked/example/dist"
# The page that web/docs/reference.md describes, with the stack's addresses in place of Google's and AWS's.
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {sites}"


@pytest.fixture
def example(project: Project) -> Iterator[str]:
    """Build package and example for the test's project, publish the page under a policy, and return its address.

    It is a folder of the stack's own page, because the stack lets no other origin kick it from a browser.
    """
    state = project.stack.state
    page = state.page()
    assert page is not None, "there is no page without Node"
    settings = {
        "VITE_FIREBASE_API_KEY": "emulators-take-any",
        "VITE_FIREBASE_PROJECT_ID": firestore.PROJECT,
        "VITE_TRIGGER_URL": stack.trigger_url(state),
        "VITE_ORG_ID": project.org_id,
        "VITE_PROJECT_ID": project.project_id,
        "VITE_FIRESTORE_EMULATOR": f"http://{state.firestore()}",
        "VITE_AUTH_EMULATOR": state.auth(),
    }
    for command in (["npm", "run", "--silent", "build"], ["node", "consumers/run.mjs", "example"]):
        built = subprocess.run(
            command, cwd=WEB, env=clean_environment() | settings, capture_output=True, text=True, check=False
        )
        assert built.returncode == 0, built.stdout + built.stderr
    called = [value for name, value in settings.items() if name.endswith(("URL", "EMULATOR"))]
    policy = POLICY.format(sites=" ".join(sorted({"{0.scheme}://{0.netloc}".format(urlsplit(one)) for one in called})))
    folder = Path(shutil.copytree(DIST, STACK / "page/example"))
    index = folder / "index.html"
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    index.write_text(index.read_text().replace("<head>", f"<head>{tag}"))
    yield f"{page.rstrip('/')}/example/"
    shutil.rmtree(folder)


def sign_in(tab: Page) -> None:
    tab.get_by_label("E-mail").fill(ADA.email)
    tab.get_by_label("Password").fill(auth.PASSWORD)
    tab.get_by_role("button", name="Sign in").click()


def test_example_tracks_an_account_under_a_strict_policy(example: str, context: BrowserContext) -> None:
    context.set_default_timeout(LIMIT_MS)
    tab = context.new_page()
    troubles: list[str] = []
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    tab.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    # A kick whose answer nobody reads is aborted after five seconds. The account below takes longer.
    tab.on("requestfailed", lambda request: troubles.append(request.url) if "/trigger" in request.url else None)
    tab.goto(example)
    expect(tab.get_by_role("button", name="Sign in")).to_be_visible()
    sign_in(tab)

    tab.get_by_label("Account", exact=True).fill("https://www.youtube.com/@sim_slow_3")
    expect(tab.get_by_label("Platform")).to_have_value("youtube")
    tab.get_by_role("button", name="Track", exact=True).click()
    expect(tab.get_by_role("listitem").filter(has_text="sim_slow_3").first).to_be_visible()
    tab.get_by_label("Account", exact=True).fill("@SIM_slow_3")
    tab.get_by_role("button", name="Track", exact=True).click()
    expect(tab.get_by_text("This account is already being tracked.")).to_be_visible()
    expect(tab.get_by_text("followers")).to_be_visible(timeout=LIMIT_MS)

    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_role("button", name="Sign in")).to_be_visible()
    assert troubles == []
