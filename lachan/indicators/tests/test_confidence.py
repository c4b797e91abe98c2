"""One scale of how sure one is, whoever says it and wherever it is asked for."""

import pytest

from lachan.cli.commands.import_ import command
from lachan.indicators.api import ProposalIn
from lachan.indicators.conf import DEFAULT_CONFIDENCE
from lachan.indicators.forms import ProposalForm
from lachan.indicators.records import Confidence
from lachan.indicators.selectors import confidence_choices


def test_it_offers_the_same_steps_at_the_desk_and_in_the_exchange():
    assert [number for number, _ in confidence_choices()] == list(Confidence)
    assert ProposalForm().fields["confidence"].choices == confidence_choices()


@pytest.mark.parametrize("language", ["en", "vi", "fr"])
def test_it_names_the_number_of_each_step_in_its_words(language, settings):
    from django.utils.translation import override

    with override(language):
        for number, words in confidence_choices():
            assert f"({number})" in str(words)


def test_it_takes_the_same_number_where_nothing_is_said():
    option = next(each for each in command.params if each.name == "confidence")
    assert option.default == ProposalIn.model_fields["confidence"].default == DEFAULT_CONFIDENCE
    assert DEFAULT_CONFIDENCE == Confidence.SURE
