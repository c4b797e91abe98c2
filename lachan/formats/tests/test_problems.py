import msgspec

from lachan.formats.problems import SCHEMA, problem_bytes


def test_it_says_what_its_schema_promises():
    said = msgspec.json.decode(problem_bytes(422, "invalid-input", "no such kind", near="domain"))
    assert said == {
        "type": "about:blank#invalid-input",
        "code": "invalid-input",
        "status": 422,
        "title": "no such kind",
        "near": "domain",
    }
    assert list(said)[:4] == SCHEMA["required"] == list(SCHEMA["properties"])
