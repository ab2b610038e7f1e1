"""Why a request is not served: what its client is told, and what the statistics count it under."""

# In the order of the statistics (mode=herr, mode=everything).
MOVED, PARSE, PARAMETER, COMPACT, MODEST, DENIED, NOT_FOUND, INTERNAL = range(8)

STATUS = (
    b"302 Found",
    b"400 Invalid Request",
    b"400 Invalid Request",
    b"400 Invalid Request",
    b"402 Payment Required",
    b"403 Access Denied",
    b"404 Not Found",
    b"500 Internal Server Error",
)


class BadRequest(Exception):
    """A request that can't be served: `reason` is a constant above, `status` its HTTP status."""

    def __init__(self, reason):
        super().__init__(STATUS[reason])
        self.reason = reason
        self.status = int(STATUS[reason][:3])
