import pytest

from bot.speech.delivery import Delivery, DeliverySettings, combined

GUILD = Delivery(0.9, -3.0, -23.0)


def test_without_anything_set_the_guild_decides() -> None:
    assert combined(GUILD) == GUILD


@pytest.mark.parametrize(
    ("text", "member", "voice", "speed"),
    [
        (2.0, 1.5, 1.25, 2.0),
        (None, 1.5, 1.25, 1.5),
        (None, None, 1.25, 1.25),
        (None, 1.0, 1.25, 1.0),
    ],
)
def test_the_nearest_speed_counts(
    text: float | None, member: float | None, voice: float | None, speed: float
) -> None:
    own = {"text": text, "member": member, "voice": voice}
    settings = {name: DeliverySettings(speed=value) for name, value in own.items()}
    assert combined(GUILD, **settings).speed == speed


def test_volumes_add_up() -> None:
    voice, member, text = (DeliverySettings(volume_db=value) for value in (4.0, -2.0, 0.5))
    assert combined(GUILD, voice, member, text) == Delivery(0.9, -0.5, -23.0)


@pytest.mark.parametrize(("each", "volume"), [(6.0, 6.0), (-12.0, -12.0)])
def test_volumes_stay_within_the_range(each: float, volume: float) -> None:
    assert combined(GUILD, *[DeliverySettings(volume_db=each)] * 3).volume_db == volume


def test_hurrying_ends_at_twice_the_speed() -> None:
    assert Delivery(1.5).faster(1.2).speed == pytest.approx(1.8)
    assert Delivery(1.5).faster(1.5).speed == 2.0


@pytest.mark.parametrize(
    "values", [(0.4,), (2.1,), (float("nan"),), (1, -12.5), (1, 6.5), (1, 0, -31), (1, 0, -13)]
)
def test_what_is_out_of_range_is_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        Delivery(*values)
