"""Times are written in one way."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reconciler.model.times import timestamp


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC), "2026-03-01T12:00:00.000Z"),
        (datetime(2026, 3, 1, 12, 0, 0, 1999, tzinfo=UTC), "2026-03-01T12:00:00.001Z"),
        (
            datetime(2026, 1, 1, 0, 30, 7, 123456, tzinfo=timezone(timedelta(hours=1))),
            "2025-12-31T23:30:07.123Z",
        ),
    ],
)
def test_timestamp_is_utc_to_the_millisecond(moment: datetime, text: str) -> None:
    assert timestamp(moment) == text
