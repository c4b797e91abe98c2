from datetime import date

import pytest

from lachan.formats.classification.categories import (
    UnknownCategory,
    categories,
    categories_on,
    category_code,
    classification,
)


def test_it_names_every_category_in_every_language():
    for category in categories().values():
        assert set(category.label) == {"vi", "en", "fr"}
        assert all(category.label.values())
        assert category.name("fr-CA") == category.label["fr"]
        assert category.name("tay") == category.label["en"]


def test_it_knows_the_wider_category_of_each():
    for code in categories():
        wider = code.partition(".")[0]
        assert wider in categories() or wider == "crosscutting"


def test_it_has_no_word_for_two_things():
    words = [word for each in categories().values() for word in (each.code, *each.aliases)]
    assert len(words) == len(set(words))


def test_it_takes_a_short_word_for_a_code():
    assert category_code("Gambling ") == "contract.gambling"
    assert category_code("contract.scam") == "contract.scam"
    with pytest.raises(UnknownCategory) as refused:
        category_code("nonsense")
    assert "contract.gambling" in str(refused.value)


def test_it_offers_what_holds_on_a_day():
    assert categories_on(date(2026, 6, 1))
    assert not categories_on(date(2025, 6, 1))


def test_it_raises_its_version_with_what_is_unlisted():
    """Instances write a change into their ledger only under a later version: raise it in the data, then here."""
    said = classification()
    assert (said.version, sorted(said.unlisted)) == (
        1,
        ["conduct.sexual", "content.abuse", "contract.sextortion", "contract.trafficking"],
    )
    assert said.codes == set(categories())
