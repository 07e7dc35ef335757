"""What an object store's refusals are called."""

from __future__ import annotations

import pytest

from storage.objects.failures import failure

TRIED = "Generic S3 error: Error performing PUT http://127.0.0.1:9000/b/clips/x in 2ms - "
REFUSED = f"{TRIED}Server returned non-2xx status code: 403 Forbidden: <Code>%s</Code>"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (REFUSED % "SignatureDoesNotMatch", "it does not accept the keys"),
        (REFUSED % "RequestTimeTooSkewed", "clock"),
        (REFUSED % "AccessDenied", "it refuses access (403)"),
        (f"{TRIED}Server returned non-2xx status code: 507 Insufficient Storage: ", "it is full"),
        (f"{TRIED}Server returned non-2xx status code: 503 x: XMinioStorageFull", "it is full"),
        (f"{TRIED}Received redirect without LOCATION, this normally indicates", "another region"),
        (
            f"{TRIED}Server returned non-2xx status code: 400 Bad Request: "
            "<Code>AuthorizationHeaderMalformed</Code>",
            "another region",
        ),
        (
            "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 3s "
            "- HTTP error: error sending request (kind: Connect)",
            "no keys are set",
        ),
    ],
)
def test_what_is_to_be_done_shows(error: str, told: str) -> None:
    assert told in str(failure(ValueError(error)).strerror)
