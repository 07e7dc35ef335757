"""What `mynah audit` found, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.cli.as_json import print_json
from bot.cli.output import counted, print_line
from bot.cli.tables import print_rows

if TYPE_CHECKING:
    from storage.audit_check import Fault
    from storage.audit_reading import TrailSummary
    from storage.audit_rows import AuditRow

TRAILS = ("server", "rows", "first", "last")
ROWS = ("row", "time", "what")


@dataclass(slots=True)
class Found:
    """What was looked at.

    trails: None where one server's rows were asked for, the newest first. verified: the servers
    that were, with their faults. sealed_since: since which row a key has
    vouched for a trail; missing_keys: which key does that is not there. exported: the content of
    the file.
    """

    trails: list[TrailSummary] | None = None
    rows: list[AuditRow] = field(default_factory=list)
    verified: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    sealed_since: dict[int, int] = field(default_factory=dict)
    missing_keys: dict[int, str] = field(default_factory=dict)
    exported: bytes | None = None


def tell(found: Found, *, as_json: bool, verify: bool, err: bool) -> None:
    """Print it. verify: trails were verified. err: for people, to standard error."""
    if as_json:
        print_json(_document(found, verify=verify))
    elif verify:
        _tell_faults(found, err=err)
    elif found.exported is None:
        _print(found)


def _tell_faults(found: Found, *, err: bool) -> None:
    for fault in found.faults:
        print_line((f"{_server(fault.guild_id)}: ", "bold"), (fault.what, "red"), err=err)
    broken = len({fault.guild_id for fault in found.faults})
    looked = f"{counted(len(found.verified), 'trail')} verified"
    if broken:
        print_line((f"{looked}, {broken} not as written.", "bold red"), err=err)
    else:
        print_line(f"{looked}: as written.", err=err)
    for guild in found.verified:
        print_line(f"{_server(guild)}: {_vouched(found, guild)}", err=err)


def _vouched(found: Found, guild_id: int) -> str:
    if (key := found.missing_keys.get(guild_id)) is not None:
        return f"the key {key} vouches for it, but is not there: bring it back, and verify again"
    if (since := found.sealed_since.get(guild_id)) is None:
        return "no key vouches for it, so whoever can write the database could have written it anew"
    return f"the key has vouched for it since row {since}"


def _print(found: Found) -> None:
    from bot.audit.words import Naming, sentence

    if found.trails:
        print_rows(TRAILS, [_trail_line(trail) for trail in found.trails])
    elif found.rows:
        naming = Naming(lambda member: f"member {member}")
        lines = [(str(row.number), _time(row.at), sentence(row, naming)) for row in found.rows]
        print_rows(ROWS, lines)
    else:
        print_line("Nothing is written down yet.")


def _trail_line(trail: TrailSummary) -> tuple[str, ...]:
    ends = map(_time, (trail.first_at, trail.last_at))
    return (_server(trail.guild_id), str(trail.rows), *ends)


def _server(guild_id: int) -> str:
    return f"server {guild_id}" if guild_id else "operator"


def _time(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _document(found: Found, *, verify: bool) -> dict[str, Any]:
    from bot.audit.export import document

    if verify:
        return {
            "verified": [str(guild) for guild in found.verified],
            "sealed_since": {str(guild): found.sealed_since.get(guild) for guild in found.verified},
            "missing_keys": {str(guild): key for guild, key in found.missing_keys.items()},
            "faults": [_fault(fault) for fault in found.faults],
        }
    if found.trails is not None:
        return {"trails": [_trail(trail) for trail in found.trails]}
    return {"rows": [document(row) for row in found.rows]}


def _fault(fault: Fault) -> dict[str, Any]:
    return {"guild_id": str(fault.guild_id), "number": fault.number, "what": fault.what}


def _trail(trail: TrailSummary) -> dict[str, Any]:
    return {
        "guild_id": str(trail.guild_id),
        "rows": trail.rows,
        "first_at": trail.first_at.isoformat(),
        "last_at": trail.last_at.isoformat(),
    }
