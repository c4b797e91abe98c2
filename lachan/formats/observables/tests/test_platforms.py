import pytest

from lachan.formats.observables.lookups import match_key, parents
from lachan.formats.observables.parsing import parse

CHANNEL = "UC" + "a" * 22


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("https://www.facebook.com/profile.php?id=100000000000001&mibextid=abc", "facebook:100000000000001"),
        ("https://facebook.com/profile.php?sk=about&id=100000000000001", "facebook:100000000000001"),
        ("https://vi-vn.facebook.com/Nguoi.La?ref=bookmarks#x", "facebook:nguoila"),
        ("https://mbasic.facebook.com/nguoi.la/photos/", "facebook:nguoila"),
        (f"https://m.youtube.com/channel/{CHANNEL}/videos?app=desktop", f"youtube:{CHANNEL}"),
        ("https://www.youtube.com/@nguoila/shorts?si=x", "youtube:nguoila"),
        ("https://www.tiktok.com/%40nguoi.la?_t=x&_r=1", "tiktok:nguoi.la"),
        ("nguoila.t.me", "telegram:nguoila"),
        ("https://nguoila.t.me/?start=1", "telegram:nguoila"),
        ("https://t.me/s/nguoila?before=3", "telegram:nguoila"),
        ("https://mobile.twitter.com/nguoila/media", "x:nguoila"),
        ("https://x.com/intent/follow?a=b&screen_name=nguoila", "x:nguoila"),
        ("instagram.com/nguoi.la/reels/?igsh=x", "instagram:nguoi.la"),
        ("https://old.reddit.com/user/nguoila/comments/", "reddit:nguoila"),
        ("https://api.whatsapp.com/send?text=a&phone=84912345678", "whatsapp:+84912345678"),
        ("https://chat.zalo.me/?phone=0912345678", "zalo:+84912345678"),
    ],
)  # fmt: skip
def test_it_finds_the_account_whatever_the_way_to_its_profile(text, account):
    found = parse(text)
    assert (found.kind, found.value) == ("account", account)


@pytest.mark.parametrize(
    "text",
    [
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fxau.example",
        "https://www.facebook.com/l.php?u=x",
        "https://developers.facebook.com/docs",
        "https://business.facebook.com/nguoila",
        "https://www.facebook.com/policies/",
        "https://help.x.com/en",
        "https://ads.x.com/nguoila",
        "https://x.com/search?q=a",
        "https://help.instagram.com/123",
        "https://www.instagram.com/robots.txt",
        "https://support.google.youtube.com/@nguoila",
        "https://vm.tiktok.com/ZSabc/",
        "https://t.me/addlist/abc",
        "https://t.me/+abcdef",
        "https://oa.zalo.me/home",
        "https://dev.twitch.tv/docs",
        "https://xau.example/facebook.com/nguoila",
        "https://facebook.com.xau.example/nguoila",
        "https://facebook.com@xau.example/nguoila",
    ],
)
def test_it_takes_nobody_s_page_for_an_account(text):
    assert parse(text).kind == "url"
    assert not [kind for kind, _ in parents(parse(text)) if kind == "account"]


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("https://www.tiktok.com/@nguoi.la/video/7", "tiktok:nguoi.la"),
        ("https://m.facebook.com/nguoi.la/posts/7", "facebook:nguoila"),
        ("https://facebook.com/story.php?story_fbid=7&id=100000000000001", "facebook:100000000000001"),
        ("https://x.com/nguoila/status/7?s=20", "x:nguoila"),
        ("https://t.me/nguoila/7", "telegram:nguoila"),
        ("https://nguoila.t.me/7", "telegram:nguoila"),
        ("https://www.instagram.com/stories/nguoila/7/", "instagram:nguoila"),
        ("https://www.threads.net/@nguoila/post/7", "threads:nguoila"),
    ],
)  # fmt: skip
def test_it_covers_a_post_by_its_account(text, account):
    found = parse(text)
    assert found.kind == "url"
    assert parents(found)[0] == ("url", match_key("url", found.value))
    assert ("account", account) in parents(found)


def test_it_covers_a_profile_by_what_covers_its_address():
    # As a list that names addresses only has it, and as it stands in the ledger from before.
    text = "https://www.facebook.com/profile.php?id=100000000000001&mibextid=abc"
    covering = parents(parse(text))
    assert covering[0] == ("account", "facebook:100000000000001")
    assert ("url", match_key("url", text)) in covering
    assert ("domain", "facebook.com") in covering
    assert parents(parse("facebook:100000000000001")) == [("account", "facebook:100000000000001")]
