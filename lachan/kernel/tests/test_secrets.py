import pytest

from lachan.kernel.env_kinds import secrets

ONE, TWO, THREE = ("x" * 31 + str(number) for number in range(3))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ONE, (ONE,)),
        (f"{ONE}\n", (ONE,)),
        (f"{ONE}\nformer {TWO}\nformer {THREE}\n", (ONE, TWO, THREE)),
        # One that was wrapped over two lines has always been one.
        (f"{ONE}\n{TWO}\n", (f"{ONE}\n{TWO}",)),
    ],
)
def test_it_reads_the_present_secret_and_former_ones(text, found):
    assert secrets(text) == found


@pytest.mark.parametrize("text", ["", f"former {ONE}", f"{ONE}\nformer short"])
def test_it_takes_no_short_one(text):
    with pytest.raises(ValueError, match="secret"):
        secrets(text)
