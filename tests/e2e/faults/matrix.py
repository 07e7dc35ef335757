"""What becomes of each route that the bot uses when Discord fails on it: the table.

A test holds that no other route is used, in this package and wherever the whole bot runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loopback.faults import Fault, Faults

Order = Callable[[Faults, str], Fault]
FOREVER = 1_000
LONG_SECONDS = 3_600.0
SLOW_SECONDS = 10.0
PACE = 50.0
"""How much quicker pauses of discord.py's and of ours pass in these tests, and Discord's too."""

FAULTS: dict[str, Order] = {
    "429": lambda f, r: f.fail_next(r, 429, retry_after=1.0),
    "429-on": lambda f, r: f.fail_next(r, 429, retry_after=1.0, times=FOREVER),
    "429-global": lambda f, r: f.fail_next(r, 429, retry_after=1.0, everywhere=True),
    "429-hour": lambda f, r: f.fail_next(r, 429, retry_after=LONG_SECONDS, times=FOREVER),
    "500": lambda f, r: f.fail_next(r, 500),
    "500-on": lambda f, r: f.fail_next(r, 500, times=FOREVER),
    "502-on": lambda f, r: f.fail_next(r, 502, times=FOREVER),
    "slow": lambda f, r: f.slow_next(r, SLOW_SECONDS / PACE),
    "reset": lambda f, r: f.reset_next(r),
    "reset-on": lambda f, r: f.reset_next(r, times=FOREVER),
    "garbled": lambda f, r: f.garble_next(r, times=FOREVER),
    "no-object": lambda f, r: f.garble_next(r, b"[]", times=FOREVER),
    **{
        str(code): lambda f, r, status=status, code=code: f.fail_next(  # type: ignore[misc]
            r, status, code=code, times=FOREVER
        )
        for status, code in (
            (403, 50001),
            (403, 50013),
            (404, 10003),
            (404, 10004),
            (404, 10007),
            (404, 10008),
            (404, 10015),
            (404, 10062),
            (400, 40060),
            (401, 50027),
        )
    },
}

ME = "GET /users/@me"
APPLICATION = "GET /oauth2/applications/@me"
SYNC = "PUT /applications/{application}/commands"
COMMANDS = "GET /applications/{application}/commands"
GUILD_SYNC = "PUT /applications/{application}/guilds/{guild}/commands"
GUILD_COMMANDS = "GET /applications/{application}/guilds/{guild}/commands"
GATEWAY = "GET /gateway/bot"
RESPOND = "POST /interactions/{id}/{token}/callback"
EDIT = "PATCH /webhooks/{application}/{token}/messages/{message}"
FOLLOW_UP = "POST /webhooks/{application}/{token}"
WRITE = "POST /channels/{channel}/messages"
MEMBER = "GET /guilds/{guild}/members/{user}"
GUILD = "GET /guilds/{guild}"

# While it logs in: "online", at the first try or a later one; "later": not before Discord lets it;
# "refused": ends with one line.
LOGIN = {
    ME: "429 online|429-on online|429-global online|429-hour later|500 online|500-on online|"
    "502-on online|slow online|reset online|reset-on online|garbled online|no-object online|"
    "50001 refused",
    APPLICATION: "429 online|429-on online|429-hour later|500 online|500-on online|slow online|"
    "reset online|garbled online|no-object online|50001 refused",
    SYNC: "429 online|429-on online|429-global online|429-hour online|500 online|500-on online|"
    "502-on online|slow online|reset online|reset-on online|garbled online|50001 online",
    COMMANDS: "429 online|429-on online|429-hour online|500-on online|slow online|reset online|"
    "garbled online|50001 online",
    GATEWAY: "429 online|429-on online|429-hour later|500 online|500-on online|502-on online|"
    "slow online|reset online|reset-on online|garbled online|no-object online",
}

# While it serves: "done", as if nothing was; "told": the member reads that Discord has trouble;
# "silent": nothing can be told, a line in the log says why; "reference": a number that the log has.
SERVING = {
    RESPOND: "429 done|429-on silent|429-global done|429-hour silent|500 done|500-on silent|"
    "502-on silent|slow silent|reset done|reset-on silent|garbled silent|no-object silent|"
    "10062 silent|40060 silent|50001 silent|10015 silent",
    EDIT: "429 done|429-on told|429-global done|429-hour told|500 done|500-on told|502-on told|"
    "slow done|reset done|reset-on told|garbled told|no-object told|10008 silent|10015 silent|"
    "50027 silent|50001 reference",
    FOLLOW_UP: "429 done|429-on silent|429-hour silent|500 done|500-on silent|502-on silent|"
    "slow done|reset done|reset-on silent|garbled silent|no-object silent|10015 silent|"
    "50027 silent",
    WRITE: "429 done|429-on lost|429-global done|429-hour lost|500 done|500-on lost|502-on lost|"
    "slow done|reset lost|reset-on lost|garbled lost|no-object lost|50001 lost|50013 lost|"
    "10003 lost|10004 lost",
    MEMBER: "429 here|429-on unknown|429-global here|429-hour unknown|500 here|500-on unknown|"
    "502-on unknown|slow here|reset here|reset-on unknown|garbled unknown|no-object unknown|"
    "50001 unknown|10007 gone|10004 unknown",
    GUILD: "429 here|429-on unknown|429-hour unknown|500 here|500-on unknown|slow here|reset here|"
    "reset-on unknown|garbled unknown|no-object unknown|50001 gone|10004 gone",
}

OF_THE_COMMAND_LINE = {GUILD_SYNC, GUILD_COMMANDS}
"""Only `mynah sync --guild` uses them, and a start after that, as `COMMANDS`."""

ROUTES = {*LOGIN, *SERVING, *OF_THE_COMMAND_LINE}


@dataclass(frozen=True, slots=True)
class Cell:
    """A fault on a route, and what is to become of it."""

    route: str
    fault: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.route.replace('/', '.')}-{self.fault}"

    @property
    def pattern(self) -> str:
        """The route as the loopback's faults take it."""
        parts = self.route.split("/")
        return "/".join("*" if part.startswith("{") else part for part in parts)


def cells(table: dict[str, str]) -> list[Cell]:
    """Return every cell of a table."""
    return [
        Cell(route, *told.split(" ")) for route, row in table.items() for told in row.split("|")
    ]
