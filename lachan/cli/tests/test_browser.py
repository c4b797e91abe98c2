from lachan.cli.browser import Page

PAGE = """
<form method="get" action="/search"><input name="q"></form>
<form method="post" action="/send/"><input type="hidden" name="token" value="t">
<input type="radio" name="kind" value="a"><input type="radio" name="kind" value="b" checked>
<input type="checkbox" name="also"><textarea name="words">
two
lines</textarea>
<select name="tlp"><option>clear<option selected>green</select>
<select name="place"><option value="1">One</option><option value="2" selected>Two</option></select>
<select name="first"><option value="x">X</option><option value="y">Y</option></select>
<button name="decision" value="yes">Yes</button></form>
"""


def test_it_reads_a_form_as_a_browser_would_send_it():
    form = Page(200, "/", PAGE).form(having="decision")
    assert form.action == "/send/"
    assert form.values == [
        ("token", "t"), ("kind", "b"), ("words", "two\nlines"), ("tlp", "green"), ("place", "2"), ("first", "x"),
    ]  # fmt: skip
    assert form.options["kind"] == ["a", "b"]
    assert form.options["also"] == ["on"]
