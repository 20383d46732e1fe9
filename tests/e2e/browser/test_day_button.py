"""The button that lets a day pass, up to the stack: while another command is at work, no day passes, and it says so."""

from __future__ import annotations

from playwright.sync_api import expect

from local import stack
from tests.e2e.browser.demo_page import DemoPage


def test_the_page_asks_the_stack_to_let_a_day_pass(page: DemoPage) -> None:
    button = page.tab.get_by_role("button", name="Let a day pass")
    with stack.alone("a test"):
        button.click()
        expect(page.tab.get_by_text("Another command is at work on the local stack (a test, process")).to_be_visible()
    expect(button).to_be_enabled()
