"""A harmless picture goes round: proposed, reviewed, published, recognised by a platform, withdrawn."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from lachan.edge.matching.tests.server import Server, question
from lachan.indicators.services import indicator_propose, indicator_review, indicator_withdraw
from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.algorithms.pdq.tests.files import picture, save
from lachan.members.services import api_key_create, api_key_revoke
from lachan.sightings.follower import Follower
from lachan.sightings.models import Sighting
from lachan.sightings.policy import Action
from lachan.sightings.services import sightings_take


def hashed(image):
    return picture_hash(io.BytesIO(save(image, "JPEG", quality=85))).stored.key.hex()


@pytest.fixture
def follower(db, tmp_path):
    (tmp_path / "run").mkdir()
    follower = Follower(tmp_path)
    yield follower
    follower.close()


@pytest.fixture
def server(follower, tmp_path):
    follower.step()
    server = Server(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def key(personas):
    """Another organisation's: a platform that is a member."""
    staff = personas.other
    return api_key_create(
        by=staff.technical.actor, organisation=staff.organisation, name="platform",
        scopes=[Action.MATCH_LOOKUP], life=timedelta(days=30),
    )  # fmt: skip


def test_a_picture_goes_round(personas, follower, server, key, tmp_path):
    row, text = key
    image = picture(3, 640, 480)
    copy, other = hashed(image.resize((400, 300), Image.Resampling.LANCZOS)), hashed(picture(4))

    def known():
        assert follower.step()
        asked = question(other, copy, kind="pdq")
        server.until(lambda: server.ask(body=asked, key=text)[0] == 200, seconds=10)
        return server.ask(body=asked, key=text)[1]["hits"]

    proposed = indicator_propose(
        by=personas.analyst.actor, value=f"pdq:{hashed(image)}", category="scam", tlp="amber"
    )
    assert known() == []  # nobody has reviewed it
    published = indicator_review(
        by=personas.reviewer.actor, indicator=proposed.uid, decision="approve"
    )
    (hit,) = known()
    assert (hit["index"], hit["indicator"]) == (1, str(published.uid))
    assert (hit["categories"], hit["sequence"]) == (["contract.scam"], published.seq)
    assert 0 <= hit["distance"] <= 31
    server.until(lambda: sightings_take(tmp_path), seconds=30)
    assert Sighting.objects.get().organisation_id == personas.other.organisation.pk

    indicator_withdraw(by=personas.reviewer.actor, indicator=published.uid, reason="another one")
    assert known() == []
    api_key_revoke(by=personas.other.technical.actor, key=row)
    assert follower.step()
    server.until(lambda: server.ask(body=question(copy), key=text)[0] == 401, seconds=10)
