from hypothesis import given
from hypothesis import strategies as st

from storage.forgotten import FORGOTTEN, is_among, is_stand_in, stand_in

IDS = st.integers(2**22, 2**62 - 1)


@given(IDS)
def test_a_stand_in_fits_a_column_and_is_no_id_of_discord(user_id: int) -> None:
    assert 2**62 <= stand_in(user_id) < 2**63
    assert is_stand_in(stand_in(user_id))
    assert not is_stand_in(user_id)


@given(IDS, IDS)
def test_a_member_is_recognised_by_their_stand_in_alone(user_id: int, other: int) -> None:
    assert is_among(user_id, [stand_in(user_id)])
    assert is_among(user_id, [user_id])
    assert is_among(other, [stand_in(user_id)]) == (other == user_id)


def test_who_is_nameless_is_nobody_in_particular() -> None:
    assert is_stand_in(FORGOTTEN)
    assert not is_among(2**50, [])
