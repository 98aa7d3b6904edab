"""Every code the engine gives has words, and what does not fit says what would help."""

import uuid

import pytest

from portal.pacing.results import CertificateCode, ConflictCode, LateCode, LeftOutCode, ReasonCode
from portal.schedules.reasons import slack, why
from portal.schedules.troubles import trouble

STEP = str(uuid.UUID(int=7))
DAY = "2026-09-07"


@pytest.fixture(autouse=True)
def english(application):
    """Words are said within a request."""
    with application.test_request_context():
        yield


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_is_one_sentence_that_shows_no_code_and_no_id(code, own):
    for text in (code.value, f"{code.value}:{DAY}", f"{code.value}:{STEP}"):
        if text.endswith(STEP) and code not in (ReasonCode.PREREQUISITE, ReasonCode.RESCUE):
            continue
        said = why([text], {STEP: "Scales"}, own=own)
        assert said.endswith(".")
        assert said[0].isupper() or said[0] == "“"
        assert code.value not in said
        assert STEP not in said


def test_reasons_together_are_one_sentence_with_names_and_days():
    reasons = [f"PREREQUISITE:{STEP}", f"BLACKOUT:{DAY}", "DAY_FULL:2026-09-04"]
    assert why(reasons, {STEP: "Scales"}) == (
        "“Scales” has to be done first, Monday 7 September is a day off, and Friday 4 September was already full."
    )
    assert why([f"PREREQUISITE:{STEP}"], {}) == "Something that comes before it has to be done first."
    assert why([], {}) == ""


@pytest.mark.parametrize(
    ("days", "said"), [(None, "Nothing is late"), (0, "no slack"), (1, "1 study day "), (3, "3 study days")]
)
def test_slack_in_words(days, said):
    assert said in slack(days)


@pytest.mark.parametrize("code", [*LeftOutCode][2:])
def test_what_finds_no_time_says_what_would_help(code):
    (said,) = trouble({"unplaced": [{"title": "Scales", "code": code.value, "minutes": 90}]})
    assert said.startswith("“Scales”")
    assert said.count(". ") == 1, "what is wrong, and what helps"


@pytest.mark.parametrize("code", ConflictCode)
def test_what_breaks_a_rule_where_it_stands_says_what_to_do(code):
    (said,) = trouble({"conflicts": [{"title": "Scales", "code": code.value, "on": DAY}]})
    assert "“Scales”" in said
    assert "7 September 2026" in said
    assert "ove" in said.split(". ")[1], "move it"


@pytest.mark.parametrize("code", CertificateCode)
def test_a_proof_comes_first(code):
    proof = {"code": code.value, "needed": 90, "available": 60, "until_on": DAY}
    late = {"title": "Scales", "code": LateCode.DUE.value, "ends_on": DAY}
    first, second = trouble({"certificate": proof, "late": [late]})
    assert "“Scales” ends on 7 September 2026, after it is due." in second
    assert "“Scales”" not in first
