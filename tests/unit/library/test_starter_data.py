"""The starter library is complete, consistent and orderly: what every new organization sees first."""

import yaml

from portal.curricula.pathfile import read
from portal.library.graph import find_cycle
from portal.library.origin import FOLDER, load
from portal.models.library import ActivityKind, Hue


def activities() -> list[dict]:
    return list(load().activities)


def test_it_is_as_large_as_promised():
    starter = load()
    per_category = {row["origin_key"]: 0 for row in starter.categories}
    for row in starter.activities:
        per_category[row["category"]] += 1
    assert len(starter.domains) >= 4
    assert len(starter.categories) >= 16
    assert len(starter.activities) >= 160
    assert min(per_category.values()) >= 8


def test_keys_and_titles_are_unique():
    keys = [row["origin_key"] for row in activities()]
    titles = [(row["origin_key"].split("/")[0], row["title"]) for row in activities()]
    assert len(keys) == len(set(keys))
    assert len(titles) == len(set(titles))


def test_every_prerequisite_exists_and_nothing_waits_for_itself():
    keys = {row["origin_key"] for row in activities()}
    needs: dict[str, list[str]] = {}
    for later, earlier in load().needs:
        assert earlier in keys, f"{later} needs {earlier}, which is not there"
        needs.setdefault(later, []).append(earlier)
    assert find_cycle(needs) is None


def test_each_activity_is_honest_and_complete():
    for row in activities():
        assert len(row["title"]) >= 3, row["origin_key"]
        assert len(row["description"]) >= 80, row["origin_key"]
        assert 10 <= row["minutes"] <= 300, row["origin_key"]
        assert row["minutes"] % 5 == 0, row["origin_key"]
        assert 1 <= row["difficulty"] <= 10, row["origin_key"]
        assert row["kind"] in set(ActivityKind), row["origin_key"]
        assert row["tags"] == [tag.lower() for tag in row["tags"]], row["origin_key"]
        assert row["resource_url"] is None or row["resource_url"].startswith("https://"), row["origin_key"]
        assert row["min_session_minutes"] <= row["minutes"], row["origin_key"]


def test_domains_use_the_interfaces_colours():
    assert {row["hue"] for row in load().domains} <= set(Hue)


def test_the_ready_paths_read_and_keep_prerequisites_first():
    keys = {row["origin_key"] for row in activities()}
    needs: dict[str, set[str]] = {}
    for later, earlier in load().needs:
        needs.setdefault(later, set()).add(earlier)
    paths = yaml.safe_load((FOLDER / "paths.yaml").read_text())["paths"]
    lengths = []
    for entry in paths:
        steps = read(yaml.safe_dump(entry).encode(), "yaml").steps
        lengths.append(len(steps))
        seen: set[str] = set()
        for step in steps:
            assert step.activity in keys
            assert needs.get(step.activity, set()) <= seen, step.activity
            seen.add(step.activity)
    assert 40 in lengths


def test_the_files_hold_known_fields_only():
    known = {"key", "title", "description", "minutes", "difficulty", "kind", "needs", "tags", "url"}
    known |= {"splittable", "min_session_minutes"}
    for path in FOLDER.glob("*.yaml"):
        for category in yaml.safe_load(path.read_text()).get("categories", ()):
            for item in category["activities"]:
                assert set(item) <= known, f"{path.name}: {item['key']}: {set(item) - known}"
