"""Strategy documents from files: what is read, what is refused, and where the fault is said to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.errors import BadInputError
from cli.strategy_files import MAX_DEPTH, is_file_name, load_strategy
from shared.requests import MAX_STRATEGY_BYTES


def load(folder: Path, text: str, name: str = "s.yaml") -> dict[str, Any]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return dict(load_strategy(path).document)


def refusal(folder: Path, text: str, name: str = "s.yaml") -> str:
    """Return what is said of a file that is refused, without the folder."""
    with pytest.raises(BadInputError) as caught:
        load(folder, text, name)
    return caught.value.detail.replace(f"{folder}/", "")


def test_plain_words_mean_what_json_means(tmp_path: Path) -> None:
    text = (
        "{no: no, on: on, date: 2021-01-01, time: 1:30, zero: 010, small: .5, large: 1e3, negative: -3, "
        "ratio: 1.5e-3, yes: true, nothing: null, tilde: ~, nan: .nan}"
    )

    assert load(tmp_path, text) == {
        "no": "no",
        "on": "on",
        "date": "2021-01-01",
        "time": "1:30",
        "zero": "010",
        "small": 0.5,
        "large": 1000.0,
        "negative": -3,
        "ratio": 0.0015,
        "yes": True,
        "nothing": None,
        "tilde": None,
        "nan": ".nan",
    }


def test_anchors_and_merges_are_taken_where_they_are_small(tmp_path: Path) -> None:
    text = "base: &base {fast: 12}\nother:\n  <<: *base\n  slow: 26\n"

    assert load(tmp_path, text)["other"] == {"fast": 12, "slow": 26}


def test_json_with_tabs_and_escapes(tmp_path: Path) -> None:
    assert load(tmp_path, '{"a":\t1,\n\t"b": "\\ud83d\\ude00\\/"}', "s.json") == {"a": 1, "b": "😀/"}


def test_lines_are_those_of_the_keys(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: x\ntriggers:\n  - id: a\n    entry: >\n      close > 1\n")

    lines = load_strategy(path).lines

    assert (lines["triggers"], lines["triggers[0]"], lines["triggers[0].entry"]) == (2, 3, 4)


def test_billion_laughs_are_refused_before_they_are_written_out(tmp_path: Path) -> None:
    text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert refusal(tmp_path, text).startswith("s.yaml:5: stands for more")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "s.yaml:3: 'a' stands twice; it is on line 1 already"),
        ("a:\n  b: &b [*b]\n", "s.yaml:2: *b stands inside of what it names"),
        ("a: *nobody\n", "s.yaml:1: *nobody"),
        ("a: [1,\n b: }", "s.yaml:2: is not YAML"),
        ("a: " + "[" * (MAX_DEPTH + 1), "s.yaml:1: is nested deeper"),
        ("a: !!python/object/apply:os.system ['true']", "s.yaml:1: is not YAML"),
        ("- 1", "s.yaml: a strategy is a mapping"),
        ("", "s.yaml: is empty; a strategy is a mapping of fields"),
        ("? [1]\n: 2", "s.yaml:1: a key must be a name"),
        ("1: 2", "s.yaml:1: a key must be a name"),
        ("a: 1\nb: 1e400", "s.yaml:2:"),
        ("a: 1\n---\nb: 2", "s.yaml:2: is not YAML"),
        ("a: \x00", "s.yaml: is not YAML"),
        ("a: " + "9" * 5000, "s.yaml: "),
        ("a: " + "x" * MAX_STRATEGY_BYTES, "s.yaml: has 262,147 bytes"),
    ],
)
def test_what_is_refused_in_yaml(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,\n "a": 2}', "s.json:2: 'a' stands twice; it is on line 1 already"),
        ('{"a": 1,\n}', "s.json:2: is not JSON"),
        ('{"a": NaN}', "s.json: NaN is not a number"),
        ('{"a": 1e999}', "s.json: 1e999 is not a number"),
        ("[" * 100_000, "s.json: is not JSON that can be taken"),
        ("[]", "s.json: a strategy is a mapping"),
    ],
)
def test_what_is_refused_in_json(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, text, "s.json").startswith(said)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"a: \xff")

    with pytest.raises(BadInputError, match="is not text in UTF-8"):
        load_strategy(path)


def test_what_is_meant_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_file_name("mine.yaml")
    assert is_file_name("folder/mine")
    assert not is_file_name("ema_cross")
    (tmp_path / "ema_cross").touch()
    assert is_file_name("ema_cross")
