"""A stage with a login shows nothing until somebody signs in."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.local_stack import LocalStack
from tests.ui.conftest import Open, Screen

USER, CHOSEN_FOR, OWN = "ada@example.com", "Chosen-for-you-1", "My-own-choice-2"


@pytest.fixture
def client_id(stack: LocalStack) -> str:
    """A client of a user pool whose one user was given a password that has to be changed."""
    cognito = stack.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="sign-in")["UserPool"]["Id"]
    cognito.admin_create_user(
        UserPoolId=pool, Username=USER, TemporaryPassword=CHOSEN_FOR, MessageAction="SUPPRESS"
    )
    made = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="page", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    return str(made["UserPoolClient"]["ClientId"])


@pytest.fixture
def opened(screen: Open) -> Screen:
    """A page that stands still at an address: while it starts it would take a new one back."""
    opened = screen("/nowhere")
    expect(opened.page.get_by_text("There is no such page")).to_be_visible()
    return opened


def test_a_user_signs_in_and_chooses_a_password(opened: Screen, client_id: str) -> None:
    page = opened.page
    configured(page, kind="cognito", region="eu-central-1", clientId=client_id, endpoint="/")
    opened.goto("/runs?status=completed")
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert opened.axe() == []
    opened.shot("sign-in")
    page.get_by_label("User").fill(USER)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The user or the password is wrong")
    opened.expect_fault("400")

    page.get_by_label("Password").fill(CHOSEN_FOR)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("New password").fill(OWN)
    with page.expect_request(re.compile("/backtests")) as asked, page.expect_websocket() as socket:
        page.get_by_role("button", name="Set it and sign in").click()
    # What is pushed is let in on a ticket: no token stands in an address.
    assert re.fullmatch(r"ws://[^?]+/live\?ticket=[\w-]{40,}", socket.value.url)
    assert (asked.value.header_value("authorization") or "").startswith("Bearer ey")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()  # where the reader wanted to go
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert OWN not in page.content() + str(
        page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    )


def test_a_token_of_another_issuer_is_pasted(opened: Screen) -> None:
    page = opened.page
    configured(page, kind="external")
    page.reload()
    page.get_by_label("Access token").fill("abc")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("it has three parts")).to_be_visible()
    page.get_by_label("Access token").fill("Bearer e30.e30.c2ln")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def configured(page: Page, **login: Any) -> None:
    """Let the page find a login in its configuration, which stage `local` has not."""

    def answer(route: Route) -> None:
        config = route.fetch().json()
        route.fulfill(body=json.dumps({**config, "login": login}), content_type="application/json")

    page.route("**/config.json", answer)
