"""Whatever a YAML file holds, it is read or refused in words; no value is more than its text."""

import pytest

from portal.curricula import pathfile
from portal.errors import DomainError, Invalid, InvalidRows

STEP = "title: A\nunits:\n- steps:\n  - {title: B, minutes: 10, %s}\n"


def read(text):
    return pathfile.read(text.encode(), "yaml")


def one_step(fields):
    (step,) = read(STEP % fields).steps
    return step


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("opens: 2026-02-30", "opens: “2026-02-30” is neither a number of days nor a date and time"),
        ("opens: 2026-02-30 25:61:00", "opens: “2026-02-30 25:61:00” is neither"),
        ("difficulty: !!int abc", "difficulty: “abc” is not a whole number"),
        ("difficulty: !!timestamp abc", "difficulty: “abc” is not a whole number"),
        ("week: " + "9" * 5000, "week: “" + "9" * 80 + "” is not a whole number"),
        ('"\\ud800": x', "fields: holds a character that nothing can keep"),
    ],
)
def test_a_value_that_is_none_is_refused_with_its_field(fields, words):
    with pytest.raises(InvalidRows) as caught:
        read(STEP % fields)
    ((_line, error),) = caught.value.rows
    assert str(error).startswith(words)


@pytest.mark.parametrize("bracket", ["[", "{", "- ", "? "])
@pytest.mark.parametrize("count", [21, 3000])
def test_lists_too_deep_in_each_other_are_refused(bracket, count):
    with pytest.raises(Invalid, match=r"Line 1 is not valid YAML: more than 20 lists or maps in each other\."):
        read(bracket * count)


@pytest.mark.parametrize("text", ['title: "\\UFFFFFFFF"', 'title: "\\U00110000"', f"%YAML {'1' * 5000}.1\n---\na: b"])
def test_escapes_and_versions_out_of_range_are_refused(text):
    with pytest.raises(Invalid, match="out of range"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "title: A\nunits: &u\n- title: B\n  steps: *u\n",
        "title: A\nunits: [&a {<<: *a}]",
        "[a, b]: c",
        "a: *b",
    ],
)
def test_what_refers_to_itself_or_to_nothing_is_refused(text):
    with pytest.raises(DomainError):
        read(text)


def test_steps_repeated_by_aliases_are_counted_before_they_fill_the_memory():
    steps = "[" + "a," * 1000 + "]"
    units = "".join(["- {steps: &s " + steps + "}\n", *["- {steps: *s}\n"] * 500])
    with pytest.raises(Invalid, match="at most 2000 steps"):
        read("title: A\nunits:\n" + units)


def test_words_that_yaml_takes_for_more_stay_words():
    (step,) = read("title: 1_0\nunits:\n- title: Yes\n  steps: [{title: 012, key: 2026-10-05, minutes: 10}]\n").steps
    assert (step.title, step.key, step.unit) == ("012", "2026-10-05", "Yes")


@pytest.mark.parametrize("nothing", ["~", "null", ""])
def test_nothing_is_a_field_that_is_absent(nothing):
    assert one_step(f"week: {nothing}, url: {nothing}, required: {nothing}, needs: {nothing}") == one_step(
        "kind: study"
    )


def test_a_null_in_quotes_is_a_word():
    assert one_step('key: "null"').key == "null"


@pytest.mark.parametrize(
    ("word", "required"), [("yes", True), ("on", True), ("True", True), ("off", False), ("no", False)]
)
def test_every_yes_and_no_of_yaml_is_one(word, required):
    assert one_step(f"required: {word}").required is required
