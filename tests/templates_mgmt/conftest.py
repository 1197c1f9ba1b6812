from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.templates_mgmt.account import FakeAccount
from tests.templates_mgmt.desk import Desk


@pytest.fixture
def account() -> Iterator[FakeAccount]:
    """A provider that keeps templates and does what the test says."""
    with FakeAccount().serving() as running:
        yield running


@pytest.fixture
def desk(db: None, account: FakeAccount) -> Desk:
    """Ana, her workspace, and a number of the account."""
    return Desk(account)
